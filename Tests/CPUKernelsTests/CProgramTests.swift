import Foundation
import Testing

/// The C programs that `make arm` and `make fuzz` build, of functions that the Swift code calls as well.
@Suite("C programs of other checks")
struct CProgramTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  @Test(
    "They go with the functions that they call",
    .enabled(if: (try? CCompiler.check(["-x", "c", "/dev/null"]))?.exitCode == 0, "there is no C compiler"),
    arguments: [
      (folder: "Tests/CLoops", headers: "Sources/CVectorLoops/include"),
      ("Tests/CReaders", "Sources/CImageCodecs/include"),
      ("Scripts/fuzz", "Sources/CImageCodecs/include"),
    ])
  func goWithFunctions(program: (folder: String, headers: String)) throws {
    let folder = Self.root.appending(path: program.folder).path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".c") }
    #expect(!files.isEmpty)
    let headers = Self.root.appending(path: program.headers).path
    let result = try CCompiler.check(["-I\(headers)", "-DREADER=png"] + files.map { "\(folder)/\($0)" })
    #expect(result.exitCode == 0, "\(result.output)")
  }
}

/// The first C compiler of this machine.
private enum CCompiler {
  /// Checks C files without compiling them. Returns what it printed.
  static func check(_ arguments: [String]) throws -> (output: String, exitCode: Int32) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments =
      [
        "-c",
        "for name in cc clang gcc; do if command -v $name >/dev/null; then exec $name \"$@\"; fi; done; exit 127", "sh",
        "-std=gnu17", "-fsyntax-only", "-Werror=implicit-function-declaration",
      ] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (text, process.terminationStatus)
  }
}
