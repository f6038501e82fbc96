import CLKernels
import CPUKernels
import Foundation
import Runtime
import Testing

/// The devices that a machine without a GPU has, too.
public enum TestBackends: String, CaseIterable, Sendable {
  case cpu
  /// `RECOLOR_TEST_DEVICE` (`P.D`), else what `auto` takes; PoCL on most machines.
  case openCL

  /// The backends of this machine.
  public static let available = allCases.filter { $0 == .cpu || (try? openCLDevice()) != nil }

  public static let hasOpenCL = available.contains(.openCL)

  public static func openCLDevice() throws -> CLDevice {
    if let index = ProcessInfo.processInfo.environment["RECOLOR_TEST_DEVICE"] { return try CLDevice.named(index) }
    return try CLDevice.automatic()
  }

  public func make() throws -> any Backend {
    switch self {
    case .cpu: CPUBackend()
    case .openCL: try CLBackend(device: Self.openCLDevice())
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips tests on machines without an OpenCL device.
  public static var needsOpenCL: Self { .enabled(if: TestBackends.hasOpenCL, "this machine has no OpenCL device") }
}
