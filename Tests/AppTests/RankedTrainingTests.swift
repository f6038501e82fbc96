import Foundation
import Models
import TestSupport
import Testing

/// `recolor train` under mpirun.
@Suite("Training under mpirun", .needsMPI)
struct RankedTrainingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func arguments(_ model: String, _ run: String, _ options: [String]) -> [String] {
    [
      "train", model, "--data", "scenes", "--out", run, "--width", "2", "--batch-size", "8", "--train-images", "64",
      "--validation-images", "21",
    ] + options
  }

  private func directory(_ run: String) -> RunDirectory { RunDirectory(opening: URL(filePath: run)) }

  /// Returns the bytes of a run's last and best weights and sheet, and its rows of metrics without the times.
  private func results(of run: String, epochs: Int) throws -> [Data] {
    let directory = directory(run)
    let rows = try String(contentsOf: directory.metrics, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(2).joined(separator: ",")
    }
    return try [directory.last, directory.best, directory.sample(epoch: epochs)].map { try Data(contentsOf: $0) }
      + [Data(rows.joined(separator: "\n").utf8)]
  }

  @Test(
    "The weights are the same on one, two and four ranks, to the last bit", .timeLimit(.minutes(5)),
    arguments: zip(
      ["unet", "gan", "gan", "gan"],
      [[], [], ["--recipe", "best", "--spectral-norm"], ["--sync-batch-norm", "--spectral-norm"]]))
  func sameBits(of model: String, options: [String]) throws {
    let options = options + ["--epochs", "2", "--replicas", "4", "--batch-size", "8", "--device", "cpu"]
    var expected: [Data]?
    for ranks in [1, 2, 4] {
      let run = "\(folder.path)/\(ranks)"
      let result = try RecolorProcess(arguments(model, run, options), ranks: ranks).wait()
      try #require(result.exitCode == 0, "\(ranks) ranks: \(result.errorOutput)")
      // One rank speaks.
      #expect(result.output.split(separator: "\n").count == 3, "\(result.output)")
      let found = try results(of: run, epochs: 2)
      #expect(found == expected ?? found, "\(ranks) ranks")
      expected = found
    }
  }

  @Test(
    "The same on an OpenCL device", .timeLimit(.minutes(5)), .needsOpenCL,
    arguments: ["--no-sync-batch-norm", "--sync-batch-norm"])
  func openCL(option: String) throws {
    let options = ["--epochs", "1", "--replicas", "2", "--device", "opencl", option]
    let found = try [1, 2].map { ranks in
      let run = "\(folder.path)/\(ranks)"
      let result = try RecolorProcess(arguments("gan", run, options), ranks: ranks).wait()
      try #require(result.exitCode == 0, "\(ranks) ranks: \(result.errorOutput)")
      return try results(of: run, epochs: 1)
    }
    #expect(found[0] == found[1])
  }

  @Test("Without --replicas there is one for each rank", .timeLimit(.minutes(5)))
  func defaultReplicas() throws {
    let run = folder.path + "/run"
    let result = try RecolorProcess(arguments("unet", run, ["--epochs", "1", "--device", "cpu"]), ranks: 2).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try directory(run).readConfiguration().replicas == 2)
  }

  @Test("TERM to one rank stops all with one save, and one process goes on", .timeLimit(.minutes(5)))
  func stopped() throws {
    let options = ["--epochs", "6", "--replicas", "4", "--device", "cpu", "--save-every", "3"]
    let (whole, stopped) = (folder.path + "/whole", folder.path + "/stopped")
    #expect(try RecolorProcess(arguments("unet", whole, options), ranks: 1).wait().exitCode == 0)
    let process = try RecolorProcess(arguments("unet", stopped, options), ranks: 4)
    let last = directory(stopped).last.path
    while process.isRunning, !FileManager.default.fileExists(atPath: last) { usleep(1000) }
    let ranks = processes(with: stopped)
    #expect(ranks.count == 4)
    if let rank = ranks.max() { kill(pid_t(rank), SIGTERM) }
    let result = try process.wait()
    #expect(result.exitCode == 143, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("stopped and saved"))
    let resumed = try RecolorProcess(["train", "unet", "--resume", stopped], ranks: 1).wait()
    #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
    #expect(try results(of: stopped, epochs: 6) == results(of: whole, epochs: 6))
  }

  @Test("Ctrl-C at one rank gives all of them its exit code", .timeLimit(.minutes(5)))
  func interrupted() throws {
    let run = folder.path + "/run"
    let process = try RecolorProcess(
      arguments("unet", run, ["--epochs", "1000", "--replicas", "2", "--device", "cpu", "--save-every", "2"]), ranks: 2)
    let last = directory(run).last.path
    while process.isRunning, !FileManager.default.fileExists(atPath: last) { usleep(1000) }
    if let rank = processes(with: run).max() { kill(pid_t(rank), SIGINT) }
    #expect(try process.wait().exitCode == 130)
  }

  @Test("A killed rank ends all of them", .timeLimit(.minutes(5)))
  func killed() throws {
    let run = folder.path + "/run"
    let process = try RecolorProcess(
      arguments("unet", run, ["--epochs", "1000", "--replicas", "4", "--device", "cpu", "--save-every", "2"]), ranks: 4)
    let last = directory(run).last.path
    while process.isRunning, !FileManager.default.fileExists(atPath: last) { usleep(1000) }
    if let rank = processes(with: run).max() { kill(pid_t(rank), SIGKILL) }
    #expect(try process.wait().exitCode != 0)
    for _ in 0..<50 where !processes(with: run).isEmpty { usleep(100_000) }
    #expect(processes(with: run).isEmpty)
    #expect(try Checkpoint(reading: directory(run).last).metadata["step"] != nil)
  }

  @Test(
    "Errors are one line", .timeLimit(.minutes(5)),
    arguments: zip(
      [
        ["--replicas", "1"], ["--replicas", "3"], ["--batch-size", "6", "--replicas", "4"], ["--data", "/nonexistent"],
      ],
      ["2 ranks cannot share them", "power of two", "a batch of 6 has no", "/nonexistent"]))
  func oneLine(options: [String], message: String) throws {
    let run = folder.path + "/run"
    let result = try RecolorProcess(arguments("unet", run, ["--device", "cpu"] + options), ranks: 2).wait()
    #expect(result.exitCode != 0)
    let lines = result.ownErrors
    #expect(lines.count == 1 && lines.first?.contains(message) == true, "\(result.errorOutput)")
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  @Test("Replicas of a file that the ranks cannot share are refused by the file's name", .timeLimit(.minutes(5)))
  func replicasOfFile() throws {
    let (file, run) = (folder.path + "/album.json", folder.path + "/run")
    try Data(#"{"replicas": 1}"#.utf8).write(to: URL(filePath: file))
    func line(_ options: [String]) throws -> Substring {
      let result = try RecolorProcess(options + ["--device", "cpu"], ranks: 2).wait()
      #expect(result.exitCode == 1)
      let lines = result.ownErrors
      #expect(lines.count == 1, "\(result.errorOutput)")
      return lines.first ?? ""
    }
    let refused = "2 ranks cannot share them equally"
    let options = arguments("unet", run, [])
    #expect(try line(options + ["--config", file]).contains("\(file): replicas 1: \(refused)"))
    #expect(try line(options + ["--config", file, "--replicas", "1"]).contains("error: --replicas 1: \(refused)"))
    #expect(!FileManager.default.fileExists(atPath: run))
    // A run's own number.
    #expect(try RecolorProcess(options + ["--epochs", "1", "--device", "cpu"], ranks: 1).wait().exitCode == 0)
    let resumed = try RecolorProcess(["train", "unet", "--resume", run, "--epochs", "2"], ranks: 2).wait()
    #expect(resumed.ownErrors.first?.contains("\(run)/config.json: replicas 1: \(refused)") == true)
  }

  @Test("GPUs that each rank sees as its only one are told apart", .timeLimit(.minutes(5)), .needsOpenCL)
  func shownGPUs() throws {
    // A scheduler's rank sees one device, which here is PoCL's under the name of a GPU.
    func train(_ run: String, limits: String) throws -> RecolorProcess.Result {
      let words = ["sh", "-c", "export LIMITED_OPENCL=\"\(limits)\"; exec \"$@\"", "sh"]
      return try RecolorProcess(
        arguments("unet", "\(folder.path)/\(run)", ["--epochs", "1"]), ranks: 2,
        environment: LimitedOpenCL.environment("", in: folder), through: words
      ).wait()
    }
    let apart = try train("apart", limits: "type=4 pci=$OMPI_COMM_WORLD_RANK")
    #expect(apart.exitCode == 0, "\(apart.errorOutput)")
    #expect(try directory("\(folder.path)/apart").readConfiguration().device == "opencl:0.0")
    let same = try train("same", limits: "type=4 pci=59")
    #expect(same.exitCode == 1 && same.ownErrors.count == 1, "\(same.errorOutput)")
    #expect(same.errorOutput.contains("1 GPU for 2 ranks on this machine"), "\(same.errorOutput)")
  }

  /// Returns the numbers of the ranks' processes, which have a word in their command line.
  private func processes(with word: String) -> [Int] {
    let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }
    return numbers.filter { number in
      let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
      let words = String(decoding: line, as: UTF8.self).split(separator: "\0")
      return words.contains { $0.contains(word) } && words.first?.hasSuffix("/recolor") == true
    }
  }
}
