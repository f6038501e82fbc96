import Foundation
import TestSupport

/// A process of the `recolor` command that was built with these tests.
final class RecolorProcess {
  /// The result of a process.
  struct Result {
    let output: String
    let errorOutput: String
    /// 128 + the signal's number where a signal ended it, as a shell reports it.
    let exitCode: Int32

    /// Lines of standard error.
    var errorLines: [Substring] { errorOutput.split(separator: "\n") }
  }

  private let process = Process()
  // Output goes to files, because pipes would have to be read meanwhile.
  private let folder: TemporaryFolder

  /// Starts the command.
  /// - Parameters:
  ///   - environment: Added to that of the tests. The cache is a folder of the tests, so that kernels are compiled
  ///     once, unless it is given here.
  ///   - input: The file for standard input.
  ///   - inputHandle: Standard input where it is no file that can be opened by a path.
  ///   - output: The file for standard output, instead of its own.
  ///   - errorOutput: The file for standard error, such as a terminal, instead of its own.
  ///   - memoryLimit: The limit of the address space, in KiB.
  ///   - largestFile: The limit of the size of files, in blocks of 512 bytes.
  ///   - descriptorLimit: The number of files that may be open at a time.
  ///   - directory: The working directory, instead of that of the tests.
  ///   - through: The words of another command that runs the command, before its path and arguments.
  init(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
    inputHandle: FileHandle? = nil, output: String? = nil, errorOutput: FileHandle? = nil,
    memoryLimit: Int? = nil, largestFile: Int? = nil, descriptorLimit: Int? = nil, directory: String? = nil,
    through runner: [String] = []
  ) throws {
    folder = try TemporaryFolder()
    // The address sanitizer reserves terabytes of address space.
    let isSanitized = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] != nil
    let memoryLimit = isSanitized ? nil : memoryLimit
    let limits = [("v", memoryLimit), ("f", largestFile), ("n", descriptorLimit)]
      .compactMap { name, limit in limit.map { "ulimit -\(name) \($0)" } }
    let shell =
      limits.isEmpty ? [] : ["/bin/sh", "-c", (limits + ["exec \"$0\" \"$@\""]).joined(separator: " && ")]
    let words = shell + runner + [Self.executable.path] + arguments
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    if let directory { process.currentDirectoryURL = URL(filePath: directory) }
    process.environment = ProcessInfo.processInfo.environment
      .merging(["RECOLOR_CACHE": Self.binaries.appending(path: "test-cache").path]) { $1 }
      .merging(environment) { $1 }
    process.standardInput = inputHandle ?? input.flatMap { FileHandle(forReadingAtPath: $0) } ?? FileHandle.nullDevice
    let outputFile = try Self.newFile(folder.path + "/output")
    process.standardOutput = output.flatMap { FileHandle(forWritingAtPath: $0) } ?? outputFile
    let errorFile = try Self.newFile(folder.path + "/error")
    process.standardError = errorOutput ?? errorFile
    try process.run()
  }

  /// Whether `OrdinaryUser` can run the command: not where a library that it loads is in a folder that is closed to
  /// others.
  static let runsAsOrdinaryUser: Bool = {
    let result = try? RecolorProcess(["--version"], through: OrdinaryUser.command).wait()
    return result?.exitCode == 0
  }()

  /// Runs the command to its end.
  static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Result {
    try RecolorProcess(arguments, environment: environment).wait()
  }

  /// Waits for the command's end. Returns the largest address space that it had until shortly before, in bytes.
  func waitForAddressSpace() -> Int {
    var largest = 0
    while process.isRunning {
      let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") }
      let kibibytes = line.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } }
      largest = max(largest, (kibibytes ?? 0) << 10)
      usleep(1000)
    }
    return largest
  }

  /// Waits for the command's end.
  func wait() throws -> Result {
    process.waitUntilExit()
    let isSignal = process.terminationReason == .uncaughtSignal
    return Result(
      output: try text("output"), errorOutput: try text("error"),
      exitCode: process.terminationStatus + (isSignal ? 128 : 0))
  }

  var isRunning: Bool { process.isRunning }

  /// Standard error so far.
  func errorOutput() throws -> String { try text("error") }

  /// Standard output so far.
  func outputSoFar() throws -> String { try text("output") }

  func send(signal: Int32) { kill(process.processIdentifier, signal) }

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")), as: UTF8.self)
  }

  private static func newFile(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(filePath: path))
    return try FileHandle(forWritingTo: URL(filePath: path))
  }

  /// The build's folder of executables, which holds the tests and the command.
  private static let binaries = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  static let executable = binaries.appending(path: "recolor")
}
