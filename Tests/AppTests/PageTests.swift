import Foundation
import Testing

/// The page of `recolor serve` in a browser without a window: `Scripts/check_page`.
@Suite("The page in a browser")
struct PageTests {
  @Test("Does what it should in Chromium", .enabled(if: hasBrowser, "there is no Chromium, or no python3"))
  func checks() throws {
    let process = Process()
    process.executableURL = Self.script
    process.arguments = ["--recolor", RecolorProcess.executable.path]
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.contains("OK"), "\(text)")
  }

  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Scripts/check_page")

  /// Whether the browser and Python are installed. A program under a sanitizer is too slow for the page.
  private static var hasBrowser: Bool {
    let environment = ProcessInfo.processInfo.environment
    guard environment["ASAN_OPTIONS"] == nil, environment["TSAN_OPTIONS"] == nil else { return false }
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    return ["chromium", "python3"].allSatisfy { name in
      folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
  }
}
