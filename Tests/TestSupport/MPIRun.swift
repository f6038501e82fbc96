import Foundation
import Testing

/// Open MPI's `mpirun`, for tests of ranks that are processes.
public enum MPIRun {
  /// The build's folder of executables, which holds the tests.
  private static let binaries = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  /// librecolor-mpi.so for the MPI of this machine, compiled once for each run of the tests; nil where there is no MPI.
  public static let library: String? = {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Scripts/build_mpi")
    let folder = binaries.appending(path: "test-mpi").path
    guard isCommand("mpirun"), isCommand("mpicc") else { return nil }
    guard (try? run([script.standardizedFileURL.path, folder]))?.exitCode == 0 else { return nil }
    return folder + "/librecolor-mpi.so"
  }()

  /// The words of a command line that start a program as so many ranks, before its path and arguments. The launcher is
  /// ended after two minutes.
  public static func words(_ rankCount: Int) -> [String] {
    ["/usr/bin/env", "timeout", "--kill-after=5", "120", "mpirun", "--oversubscribe", "-n", String(rankCount)]
  }

  /// Variables with which the launcher works for root, and the program finds the library.
  public static var environment: [String: String] {
    var environment = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
    if let library { environment["RECOLOR_MPI"] = library }
    // Open MPI leaves memory behind, of parts that it has unloaded, so that no list could name them.
    if let options = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] {
      environment["ASAN_OPTIONS"] = options + ":detect_leaks=0"
    }
    return environment
  }

  /// Starts a program of these tests as so many ranks and waits for its end. Returns its lines and the exit code.
  public static func run(
    _ program: String, _ arguments: [String], ranks: Int, environment: [String: String] = [:]
  ) throws -> (lines: [String], exitCode: Int32) {
    let words = words(ranks) + [binaries.appending(path: program).path] + arguments
    return try run(words, environment: self.environment.merging(environment) { $1 })
  }

  private static func isCommand(_ name: String) -> Bool {
    (try? run(["sh", "-c", "command -v \(name)"]))?.exitCode == 0
  }

  private static func run(
    _ words: [String], environment: [String: String] = [:]
  ) throws -> (lines: [String], exitCode: Int32) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (text.split(separator: "\n").map(String.init), process.terminationStatus)
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips tests on machines without Open MPI.
  public static var needsMPI: Self {
    .enabled(if: MPIRun.library != nil, "this machine has no Open MPI; Scripts/setup distributed installs it")
  }
}
