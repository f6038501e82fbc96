import Foundation
import Testing

/// `Scripts/gpu_report` has tests of its own, in `Scripts/gpu/tests.py`, which need neither a GPU nor the command.
@Suite("Scripts/gpu_report")
struct GPUReportTests {
  @Test("Its own tests pass", .enabled(if: (try? python("--version"))?.exitCode == 0, "there is no python3"))
  func ownTestsPass() throws {
    let result = try Self.python("-m", "unittest", "--buffer", "gpu.tests")
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(result.output.contains("OK"))
  }

  /// Runs python3 in the folder of the scripts. Returns all that it printed.
  private static func python(_ arguments: String...) throws -> (output: String, exitCode: Int32) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.currentDirectoryURL = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Scripts")
    process.environment = ProcessInfo.processInfo.environment
      .merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (text, process.terminationStatus)
  }
}
