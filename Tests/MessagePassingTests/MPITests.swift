import Foundation
import TestSupport
import Testing

/// Ranks that are processes, started by Open MPI.
@Suite("Ranks under mpirun", .needsMPI)
struct MPITests {
  /// Runs `RankProgram`, and checks that none of its processes is left.
  private func run(
    _ task: String, ranks: Int, environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (lines: [String], exitCode: Int32) {
    // The word tells the processes of this call from others.
    let word = UUID().uuidString
    let result = try MPIRun.run("RankProgram", [task, word], ranks: ranks, environment: environment)
    // Open MPI kills what does not end by itself within a moment.
    for _ in 0..<50 where !processes(with: word).isEmpty { usleep(100_000) }
    #expect(processes(with: word).isEmpty, "a process is left", sourceLocation: sourceLocation)
    return result
  }

  /// Returns the numbers of the processes with a word in their command line.
  private func processes(with word: String) -> [Int] {
    let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }
    return numbers.filter { number in
      let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
      return String(decoding: line, as: UTF8.self).contains(word)
    }
  }

  @Test("The bits of sums do not depend on the number of ranks", .timeLimit(.minutes(3)))
  func sums() throws {
    var digests: Set<Substring> = []
    for ranks in [1, 2, 4, 8] {
      let (lines, exitCode) = try run("sums", ranks: ranks)
      #expect(exitCode == 0 && lines.count == ranks)
      digests.formUnion(lines.compactMap { $0.split(separator: " ").last })
    }
    #expect(digests.count == 1 && digests.first?.count == 64)
  }

  @Test("Bytes come to where they belong", .timeLimit(.minutes(3)), arguments: [2, 4])
  func bytes(ranks: Int) throws {
    let (lines, exitCode) = try run("bytes", ranks: ranks)
    #expect(exitCode == 0 && lines.sorted() == (0..<ranks).map { "rank \($0): right" })
  }

  @Test(
    "An error of all ranks is one line", .timeLimit(.minutes(3)),
    arguments: [
      ("versions", 2, "ranks 0 and 1 differ in version (1 and 2)"),
      ("options", 4, "ranks 0 and 1 differ in width (16 and 64)"),
      ("device", 2, "ranks 0 and 1 of a machine both use opencl:0.0"),
      ("sums", 3, "3 ranks: their number must be a power of two"),
      ("absent", 2, "a rank did not start in 3 s"),
      ("silence", 2, "a rank sent nothing in 3 s"),
      ("fault", 4, "rank 1 failed"),
    ])
  func oneLine(task: String, ranks: Int, message: String) throws {
    // A rank that fails gives the others some seconds, in which they are not to give up.
    let limit = ["absent", "silence"].contains(task) ? "3" : "100"
    let (lines, exitCode) = try run(task, ranks: ranks, environment: ["RECOLOR_MPI_TIMEOUT": limit])
    #expect(exitCode != 0)
    #expect(lines.count == 1 && lines.first?.hasPrefix("error: \(message)") ?? false, "\(lines)")
  }

  @Test("The exit code is that of the rank that failed", .timeLimit(.minutes(3)))
  func exitCode() throws {
    #expect(try run("fault", ranks: 2).exitCode == 7)
    #expect(try run("options", ranks: 2).exitCode == 1)
  }

  @Test("A killed rank ends the others", .timeLimit(.minutes(3)))
  func killed() throws {
    #expect(try run("killed", ranks: 4).exitCode == 137)
  }

  @Test("Without its library the program says how to build it", .timeLimit(.minutes(3)))
  func noLibrary() throws {
    let (lines, exitCode) = try run("sums", ranks: 2, environment: ["RECOLOR_MPI": "/no/such/file"])
    #expect(exitCode != 0 && lines.count == 1)
    #expect(lines.first?.hasPrefix("error: RECOLOR_MPI=/no/such/file: there is no such file; `Scripts/setup") ?? false)
  }

  @Test("A library of something else is refused", .timeLimit(.minutes(3)))
  func otherLibrary() throws {
    let (lines, exitCode) = try run("sums", ranks: 2, environment: ["RECOLOR_MPI": "/proc/self/exe"])
    #expect(exitCode != 0 && lines.count == 1 && lines.first?.contains("`make mpi`") ?? false)
  }

  @Test("A time limit that is no number is refused", .timeLimit(.minutes(3)))
  func badTimeLimit() throws {
    let (lines, exitCode) = try run("sums", ranks: 2, environment: ["RECOLOR_MPI_TIMEOUT": "soon"])
    #expect(
      exitCode != 0 && lines == ["error: RECOLOR_MPI_TIMEOUT=soon: must be a number of seconds, or 0 for no limit"])
  }
}
