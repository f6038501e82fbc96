import Foundation
import TestSupport
import Testing

/// Tests on OpenCL are skipped where there is no device. `make test` installs one and sets RECOLOR_REQUIRE_OPENCL, so
/// that a broken driver is a failure.
@Suite("Required device")
struct RequiredDeviceTests {
  @Test(
    "The OpenCL device is found", .enabled(if: ProcessInfo.processInfo.environment["RECOLOR_REQUIRE_OPENCL"] == "1"))
  func theOpenCLDeviceIsFound() throws {
    _ = try TestBackends.openCL.make()
    #expect(TestBackends.hasOpenCL)
  }
}
