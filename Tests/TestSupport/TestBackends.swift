import CLKernels
import CPUKernels
import Foundation
import Runtime
import Testing

/// The devices that a machine without a GPU has, too.
public enum TestBackends: String, CaseIterable, Sendable {
  case cpu
  /// The CPU with products by BLAS.
  case blas
  /// `RECOLOR_TEST_DEVICE` (`P.D`), else what `auto` takes; PoCL on most machines.
  case openCL

  /// The devices of this machine.
  public static let available: [TestBackends] = (try? openCLDevice()) == nil ? [.cpu] : [.cpu, .openCL]

  /// The devices of this machine with each kind of products.
  public static let withEveryProduct = available + (hasBLAS ? [.blas] : [])

  public static let hasOpenCL = available.contains(.openCL)

  public static let hasBLAS = (try? BLAS.shared()) != nil

  public static func openCLDevice() throws -> CLDevice {
    if let index = ProcessInfo.processInfo.environment["RECOLOR_TEST_DEVICE"] { return try CLDevice.named(index) }
    return try CLDevice.automatic()
  }

  public func make() throws -> any Backend {
    switch self {
    case .cpu: CPUBackend()
    case .blas: CPUBackend(blas: try BLAS.shared())
    case .openCL: try CLBackend(device: Self.openCLDevice())
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips tests on machines without an OpenCL device.
  public static var needsOpenCL: Self { .enabled(if: TestBackends.hasOpenCL, "this machine has no OpenCL device") }
  /// Skips tests on machines without BLAS.
  public static var needsBLAS: Self { .enabled(if: TestBackends.hasBLAS, "this machine has no BLAS") }
}
