import Foundation
import Runtime
import Testing

/// The OpenCL device that tests run on: `RECOLOR_TEST_DEVICE` (`P.D`), else what `auto` takes.
enum TestDevice {
  static let skipReason: Comment = "this machine has no OpenCL device"

  static var isAvailable: Bool { (try? device()) != nil }

  static func device() throws -> CLDevice {
    if let index = ProcessInfo.processInfo.environment["RECOLOR_TEST_DEVICE"] { return try CLDevice.named(index) }
    return try CLDevice.automatic()
  }
}
