import Data
import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// Whole runs: their files, that they repeat, and that they resume where they stopped.
@Suite("Training runs", .serialized)
struct TrainingRunTests {
  @Test("A run leaves its folder as promised", arguments: ModelKind.allCases)
  func folder(kind: ModelKind) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      let run = try TrainingRun(
        SmallRun.configuration(kind, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
      #expect(try run.train { false } == .finished)
      let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
      #expect(files.count { $0.hasPrefix("events.out.tfevents.") } == 1)
      #expect(
        files.filter { !$0.hasPrefix("events.") } == [
          ".lock", "checkpoints", "checkpoints/best.safetensors", "checkpoints/last.safetensors",
          "checkpoints/last.state.safetensors", "config.json", "metrics.csv", "samples", "samples/epoch_001.png",
          "samples/epoch_002.png",
        ])
      #expect(try run.directory.readConfiguration() == run.configuration)
      let rows = try String(contentsOf: run.directory.metrics, encoding: .utf8).split(separator: "\n")
      #expect(rows.count == 3)
      #expect(
        rows.allSatisfy {
          $0.split(separator: ",", omittingEmptySubsequences: false).count == rows[0].split(separator: ",").count
        })
      let checkpoint = try Checkpoint(reading: run.directory.last)
      #expect(checkpoint.configuration == run.configuration.model)
      #expect(checkpoint.imageSize.map { [$0.height, $0.width] } == [32, 32])
    }
  }

  @Test("A new run never writes into an old one")
  func occupied() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: folder.appendingPathComponent("notes.txt"))
      #expect(throws: RunError.folderNotEmpty(path: folder.path)) {
        _ = try TrainingRun(
          SmallRun.configuration(.unet, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
      }
    }
  }

  @Test("A run that cannot begin removes nothing that it did not make")
  func failedStart() throws {
    let backend = try TestBackends.cpu.make()
    let configuration = try SmallRun.configuration(.unet, on: backend)
    func fails(_ folder: URL) {
      let error = #expect(throws: RunError.self) { try RunDirectory(creating: folder, configuration) }
      #expect(error?.isOfFile == true, "\(String(describing: error))")
    }
    let manager = FileManager.default
    try SmallRun.withFolder { folder in
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
      let (link, empty) = (folder.appendingPathComponent("link"), folder.appendingPathComponent("empty"))
      #expect(symlink("nowhere", link.path) == 0)
      fails(link)
      #expect(try manager.destinationOfSymbolicLink(atPath: link.path) == "nowhere")
      // A link in place of the lock is refused, and stays.
      try manager.createDirectory(at: empty, withIntermediateDirectories: true)
      #expect(symlink("nowhere", empty.appendingPathComponent(".lock").path) == 0)
      fails(empty)
      #expect(try manager.contentsOfDirectory(atPath: empty.path) == [".lock"])
    }
  }

  @Test("The same seed gives the same bits", arguments: TestBackends.withEveryProduct, ModelKind.allCases)
  func repeats(device: TestBackends, kind: ModelKind) throws {
    func weights() throws -> [String: [Float]] {
      let backend = try device.make()
      return try SmallRun.withFolder { folder in
        let run = try TrainingRun(
          SmallRun.configuration(kind, epochs: 1, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
        _ = try run.train { false }
        return try SmallRun.contents(of: run.directory.state)
      }
    }
    #expect(try weights() == weights())
  }

  @Test(
    "A run that is stopped inside an epoch and resumed ends with the same bits",
    arguments: TestBackends.withEveryProduct, ModelKind.allCases)
  func resumes(device: TestBackends, kind: ModelKind) throws {
    let backend = try device.make()
    let dataset = try SmallRun.dataset()
    let whole = try SmallRun.withFolder { folder in
      let run = try TrainingRun(SmallRun.configuration(kind, on: backend), in: folder, dataset: dataset, on: backend)
      _ = try run.train { false }
      return try (SmallRun.contents(of: run.directory.state), SmallRun.lossColumns(of: run.directory))
    }
    let resumed = try SmallRun.withFolder { folder in
      do {
        var polls = 0
        let first = try TrainingRun(
          SmallRun.configuration(kind, on: backend), in: folder, dataset: dataset, on: backend)
        let outcome = try first.train {
          polls += 1
          return polls == 7
        }
        #expect(outcome == .stopped)
      }
      let second = try TrainingRun(resuming: folder, dataset: dataset, on: backend)
      #expect(try second.train { false } == .finished)
      return try (SmallRun.contents(of: second.directory.state), SmallRun.lossColumns(of: second.directory))
    }
    #expect(whole.0 == resumed.0)
    #expect(whole.1 == resumed.1)
  }

  /// A run of one epoch in a folder, on the CPU.
  private func withFinishedRun(_ body: (URL, any Backend) throws -> Void) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do {
        let run = try TrainingRun(
          SmallRun.configuration(.unet, epochs: 1, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
        _ = try run.train { false }
      }
      try body(folder, backend)
    }
  }

  @Test("A run is not resumed with other images")
  func otherImages() throws {
    try withFinishedRun { folder, backend in
      let other = try Scenes.dataset(.training, count: 48, seed: 8)
      #expect(throws: RunError.self) { try TrainingRun(resuming: folder, dataset: other, on: backend) }
      _ = try TrainingRun(resuming: folder, dataset: SmallRun.dataset(), on: backend)
    }
  }

  @Test("A run that was killed before its first checkpoint begins again")
  func killedEarly() throws {
    try withFinishedRun { folder, backend in
      let directory = RunDirectory(opening: folder)
      let finished = try SmallRun.contents(of: directory.state)
      for file in [directory.state, directory.last, directory.best, directory.metrics] {
        try FileManager.default.removeItem(at: file)
      }
      let run = try TrainingRun(resuming: folder, dataset: SmallRun.dataset(), on: backend)
      _ = try run.train { false }
      #expect(try SmallRun.contents(of: directory.state) == finished)
    }
  }

  @Test("A configuration may be changed to train longer, and in nothing else", arguments: [true, false])
  func changedConfiguration(longer: Bool) throws {
    try withFinishedRun { folder, backend in
      let directory = RunDirectory(opening: folder)
      let text = try String(contentsOf: directory.configuration, encoding: .utf8)
      let change = longer ? ("\"epochs\" : 1", "\"epochs\" : 2") : ("\"seed\" : 1", "\"seed\" : 2")
      #expect(text.contains(change.0))
      try text.replacingOccurrences(of: change.0, with: change.1)
        .write(to: directory.configuration, atomically: true, encoding: .utf8)
      if longer {
        let run = try TrainingRun(resuming: folder, dataset: SmallRun.dataset(), on: backend)
        _ = try run.train { false }
        #expect(run.epochsDone == 2)
      } else {
        #expect(throws: RunError.self) {
          try TrainingRun(resuming: folder, dataset: SmallRun.dataset(), on: backend)
        }
      }
    }
  }

  @Test("A damaged run is refused", arguments: ["config.json", "metrics.csv", "checkpoints/last.state.safetensors"])
  func damaged(file: String) throws {
    try withFinishedRun { folder, backend in
      let url = folder.appendingPathComponent(file)
      let bytes = try Data(contentsOf: url)
      for damage in [Data(), bytes.prefix(bytes.count / 2).dropFirst(7)] {
        try damage.write(to: url)
        #expect(throws: (any Error).self) {
          try TrainingRun(resuming: folder, dataset: SmallRun.dataset(), on: backend)
        }
      }
    }
  }

  @Test("A configuration that was edited to the impossible is refused", arguments: ["0", "-4", "100000"])
  func editedConfiguration(width: String) throws {
    try withFinishedRun { folder, _ in
      let directory = RunDirectory(opening: folder)
      let text = try String(contentsOf: directory.configuration, encoding: .utf8)
      try text.replacingOccurrences(of: "\"width\" : 4", with: "\"width\" : \(width)")
        .write(to: directory.configuration, atomically: true, encoding: .utf8)
      #expect(throws: RunError.self) { try directory.readConfiguration() }
    }
  }

  @Test(
    "A configuration that was edited to a value that no option has is refused by the option's name",
    arguments: [
      ("keep", "-1"), ("saveEvery", "0"), ("saveEvery", "-1"), ("epochs", "0"), ("epochs", "1000000001"),
      ("steps", "9223372036854775807"), ("trainImages", "0"), ("validationImages", "-1"), ("batchSize", "0"),
      ("learningRate", "-1"), ("learningRateDecay", "2"), ("l1Weight", "-1"), ("averageDecay", "1"),
      ("rebalancing", "1.5"), ("patience", "0"), ("discriminatorLearningRate", "0"),
    ])
  func editedValue(key: String, value: String) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      let directory = RunDirectory(opening: folder)
      var configuration = try SmallRun.configuration(.unet, on: backend)
      (configuration.keep, configuration.saveEvery, configuration.steps) = (1, 1, 1)
      configuration.patience = 1
      configuration.options.discriminatorLearningRate = 0.001
      do { _ = try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend) }
      _ = try directory.readConfiguration()
      let text = try String(contentsOf: directory.configuration, encoding: .utf8)
      let edited = text.replacing(try Regex("\"\(key)\" : [-0-9.e]+"), with: "\"\(key)\" : \(value)")
      #expect(edited != text)
      try edited.write(to: directory.configuration, atomically: true, encoding: .utf8)
      let error = #expect(throws: RunError.self) { try directory.readConfiguration() }
      let option = key.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : "\($1)" }
      #expect(error?.description.contains("config.json has an impossible value: --\(option) ") == true)
    }
  }

  @Test("The learning rate of a late epoch is known at once")
  func learningRateOfALateEpoch() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      var configuration = try SmallRun.configuration(.unet, epochs: 1_000_000_000, on: backend)
      configuration.options.learningRateDecay = 0.9
      let run = try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend)
      var rate = configuration.options.learningRate
      for _ in 0..<30 { rate *= 0.9 }
      #expect(run.learningRate(inEpoch: 30) == rate)
      let duration = ContinuousClock().measure { #expect(run.learningRate(inEpoch: 999_999_999) < 1e-40) }
      #expect(duration < .seconds(1))
    }
  }

  @Test("The CPU and OpenCL agree for 20 steps", .needsOpenCL, arguments: ModelKind.allCases)
  func devicesAgree(kind: ModelKind) throws {
    func losses(_ device: TestBackends) throws -> [[Float]] {
      let backend = try device.make()
      let trainer = try SmallTrainer.make(kind, on: backend)
      return try (0..<20).map { step in
        try trainer.step(first: step % 4 * 8)
        return try trainer.takeLosses()
      }
    }
    for (cpu, openCL) in zip(try losses(.cpu), try losses(.openCL)) {
      for (a, b) in zip(cpu, openCL) { #expect(abs(a - b) <= 1e-3 * abs(a), "\(a) and \(b)") }
    }
  }

  @Test("Training lowers the loss", arguments: TestBackends.available)
  func learns(device: TestBackends) throws {
    let backend = try device.make()
    let trainer = try SmallTrainer.make(.unet, on: backend)
    var losses: [Float] = []
    for step in 0..<40 {
      try trainer.step(first: step % 4 * 8)
      losses.append(try trainer.takeLosses()[0])
    }
    let first = losses.prefix(4).reduce(0, +)
    let last = losses.suffix(4).reduce(0, +)
    #expect(last < 0.7 * first)
  }
}
