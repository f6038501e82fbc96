import Foundation
import Models
import TestSupport
import Testing

/// Runs that are killed, stopped by signals, started twice, and without disk space or memory.
@Suite("Killed runs")
struct KilledRunTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func arguments(_ model: String, _ run: String, _ options: [String]) -> [String] {
    [
      "train", model, "--data", "scenes", "--out", run, "--width", "2", "--batch-size", "8", "--train-images", "64",
      "--validation-images", "32",
    ] + options
  }

  private func directory(_ run: String) -> RunDirectory { RunDirectory(opening: URL(filePath: run)) }

  private func bytes(_ file: URL) throws -> Data { try Data(contentsOf: file) }

  /// Returns the files in a run's folder, without the event files, of which each process writes its own.
  private func names(in run: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: run).filter { !$0.hasPrefix("events.") }.sorted()
  }

  /// Returns the step of the last save; nil before the first.
  private func savedStep(_ run: String) throws -> Int? {
    let last = directory(run).last
    guard FileManager.default.fileExists(atPath: last.path) else { return nil }
    return try Checkpoint(reading: last).metadata["step"].flatMap { Int($0) }
  }

  /// Returns the rows of metrics.csv without the two columns of times.
  private func rows(_ run: String) throws -> [[Substring]] {
    try String(contentsOf: directory(run).metrics, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(2)
    }
  }

  /// Waits until a run saved a step after `step`, or its process has ended.
  private func waitForSave(_ run: String, after step: Int?, of process: RecolorProcess) throws {
    while process.isRunning, try savedStep(run).map({ $0 <= step ?? 0 }) ?? true { usleep(1000) }
  }

  @Test("Killed runs end with the same bits", arguments: zip(TestBackends.available, ["unet", "gan"]))
  func killedRunsEndWithTheSameBits(_ device: TestBackends, _ model: String) throws {
    let options = [
      "--device", device == .cpu ? "cpu" : "opencl", "--epochs", "12", "--save-every", "3", "--keep", "2",
    ]
    let (whole, killed) = (folder.path + "/whole", folder.path + "/killed")
    let undisturbed = try RecolorProcess(arguments(model, whole, options)).wait()
    #expect(undisturbed.exitCode == 0, "\(undisturbed.errorOutput)")
    for kill in 0..<5 {
      let isBegun = FileManager.default.fileExists(atPath: killed + "/config.json")
      let process = try RecolorProcess(
        isBegun ? ["train", model, "--resume", killed] : arguments(model, killed, options))
      let step = try savedStep(killed)
      // The first two before anything is saved, the others a moment after a save.
      if kill < 2 { usleep(20_000) } else { try waitForSave(killed, after: step, of: process) }
      usleep(UInt32(kill) * 3000)
      process.send(signal: SIGKILL)
      #expect(try process.wait().exitCode == 128 + SIGKILL)
      if let step = try savedStep(killed) {
        #expect(step < 96)
        _ = try SafetensorsFile(reading: directory(killed).state)
      }
    }
    let resumed = try RecolorProcess.run("train", model, "--resume", killed)
    #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
    let names = try names(in: whole)
    #expect(try self.names(in: killed) == names)
    for name in names where name.hasSuffix(".safetensors") || name.hasSuffix(".png") {
      let differs = try bytes(URL(filePath: "\(whole)/\(name)")) != bytes(URL(filePath: "\(killed)/\(name)"))
      #expect(!differs, "\(name)")
    }
    #expect(try rows(whole) == rows(killed))
  }

  @Test("Second processes are refused and hang ups save")
  func secondProcessesAreRefusedAndHangUpsSave() throws {
    let run = folder.path + "/run"
    let first = try RecolorProcess(arguments("unet", run, ["--device", "cpu", "--epochs", "100000"]))
    try waitForSave(run, after: nil, of: first)
    for arguments in [["train", "unet", "--resume", run], arguments("unet", run, ["--device", "cpu"])] {
      let second = try RecolorProcess(arguments).wait()
      #expect(second.exitCode == 1)
      #expect(second.errorLines.count == 1 && second.errorOutput.contains(run))
    }
    let step = try savedStep(run)
    first.send(signal: SIGHUP)
    #expect(try first.wait().exitCode == 128 + SIGHUP)
    #expect(try savedStep(run) ?? 0 >= step ?? 0)
    let resumed = try RecolorProcess(["train", "unet", "--resume", run, "--save-every", "2", "--keep", "1"])
    try waitForSave(run, after: savedStep(run), of: resumed)
    resumed.send(signal: SIGTERM)
    #expect(try resumed.wait().exitCode == 128 + SIGTERM)
    #expect(try directory(run).readConfiguration().saveEvery == 2)
  }

  @Test("Runs without disk space keep the last save")
  func runsWithoutDiskSpaceKeepTheLastSave() throws {
    let run = folder.path + "/run"
    let begun = try RecolorProcess(arguments("unet", run, ["--device", "cpu", "--epochs", "2"])).wait()
    #expect(begun.exitCode == 0, "\(begun.errorOutput)")
    let saved = directory(run)
    let before = try [saved.last, saved.best, saved.state, saved.metrics].map(bytes)
    var configuration = try saved.readConfiguration()
    configuration.epochs = 4
    try JSONEncoder().encode(configuration).write(to: saved.configuration)

    // A limit between the sizes of the weights and of the state, which is three times as large, in blocks of 512 bytes.
    let blocks = before[2].count / 512 - 10
    #expect(blocks * 512 > before[0].count)
    let limited = try RecolorProcess(["train", "unet", "--resume", run], largestFile: blocks).wait()
    #expect(limited.exitCode == 1)
    let line = String(limited.errorLines.last ?? "")
    for part in [saved.state.path, "File too large", "step 16", "--resume \(run)"] {
      #expect(line.contains(part), "\(line)")
    }
    #expect(try [saved.last, saved.best, saved.state, saved.metrics].map(bytes) == before)
    let names = try FileManager.default.subpathsOfDirectory(atPath: run)
    #expect(!names.contains { $0.hasSuffix(".tmp") || $0.hasSuffix("epoch_003.png") })
    #expect(try RecolorProcess.run("train", "unet", "--resume", run).exitCode == 0)
    #expect(try savedStep(run) == 32)
  }

  @Test("NaN losses end the run")
  func nanLossesEndTheRun() throws {
    let run = folder.path + "/run"
    let options = ["--device", "cpu", "--learning-rate", "1e19", "--save-every", "1"]
    let result = try RecolorProcess(arguments("unet", run, options)).wait()
    #expect(result.exitCode == 1)
    let line = String(result.errorLines.last ?? "")
    for part in ["step 2", "--learning-rate", directory(run).last.path] { #expect(line.contains(part), "\(line)") }
    // Step 1 left finite weights, with which a prediction overflows.
    _ = try Checkpoint(reading: directory(run).last)
    let evaluated = try RecolorProcess.run("evaluate", run, "--data", "scenes", "--device", "cpu", "--images", "8")
    #expect(evaluated.exitCode == 1 && evaluated.output.isEmpty, "\(evaluated.output)")
    #expect(evaluated.errorOutput.contains("the predicted colors are NaN or infinite"), "\(evaluated.errorOutput)")
  }

  @Test("Runs without device memory advise a batch size", arguments: TestBackends.available)
  func runsWithoutDeviceMemoryAdviseABatchSize(_ device: TestBackends) throws {
    let run = folder.path + "/run"
    let name = device == .cpu ? "cpu" : "opencl"
    func start(_ batchSize: String, _ steps: String) throws -> RecolorProcess.Result {
      try RecolorProcess(
        [
          "train", "unet", "--data", "scenes", "--out", run, "--width", "4", "--train-images", "2000", "--device", name,
          "--batch-size", batchSize, "--steps", steps, "--validation-images", "0",
        ], environment: ["RECOLOR_MEMORY": "120MiB"]
      ).wait()
    }
    let refused = try start("2000", "1")
    #expect(refused.exitCode == 1)
    #expect(refused.errorLines.count == 1, "\(refused.errorOutput)")
    #expect(!FileManager.default.fileExists(atPath: run))
    let words = refused.errorOutput.split(separator: " ").map(String.init)
    let advice = try #require(words.lastIndex(of: "--batch-size").map { words[$0 + 1] })
    #expect(Int(advice) ?? 2000 < 2000)
    let fits = try start(advice, "1")
    #expect(fits.exitCode == 0, "\(fits.errorOutput)")
  }
}
