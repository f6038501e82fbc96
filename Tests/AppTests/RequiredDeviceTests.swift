import Foundation
import TestSupport
import Testing

/// Tests on OpenCL are skipped where there is no device. `make test` installs one, and says by RECOLOR_REQUIRE_OPENCL that
/// it must be found, for else a broken driver would look like a success.
@Suite("Required device")
struct RequiredDeviceTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["RECOLOR_REQUIRE_OPENCL"] == "1"))
  func theOpenCLDeviceIsFound() throws {
    _ = try TestBackends.openCL.make()
    #expect(TestBackends.hasOpenCL)
  }
}
