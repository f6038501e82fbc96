import Data
import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// What a process that is killed may leave behind, and what going on from it comes to.
@Suite("Runs that survive", .serialized)
struct RunSurvivalTests {
  /// A run of two epochs of four steps, saved after every third step.
  private func configuration(
    _ kind: ModelKind = .unet, keep: Int? = nil, on backend: any Backend
  ) throws -> RunConfiguration {
    var configuration = try SmallRun.configuration(kind, on: backend)
    configuration.saveEvery = 3
    configuration.keep = keep
    return configuration
  }

  private func start(_ configuration: RunConfiguration, in folder: URL, on backend: any Backend) throws -> TrainingRun {
    try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend)
  }

  private func resume(_ folder: URL, on backend: any Backend) throws -> TrainingRun {
    try TrainingRun(resuming: folder, dataset: SmallRun.dataset(), on: backend)
  }

  /// Everything that a run ends with: all files' bytes, and metrics.csv without its times.
  private func results(of folder: URL) throws -> [String: Data] {
    var results: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    where name.hasSuffix("safetensors") || name.hasSuffix("png") {
      results[name] = try Data(contentsOf: folder.appendingPathComponent(name))
    }
    results["metrics.csv"] = Data(try SmallRun.lossColumns(of: RunDirectory(opening: folder)).joined().joined().utf8)
    return results
  }

  private func copy(_ folder: URL, to place: URL) throws {
    try FileManager.default.copyItem(at: folder, to: place)
  }

  @Test(
    "From every save, and from every mixture of an older state with newer files, a run ends with the same bits",
    arguments: TestBackends.available, ModelKind.allCases)
  func killedAnywhere(device: TestBackends, kind: ModelKind) throws {
    let backend = try device.make()
    try SmallRun.withFolder { folder in
      var moments: [URL] = []
      func remember() {
        let place = folder.appendingPathExtension("moment\(moments.count)")
        moments.append(place)
        #expect(throws: Never.self) { try copy(folder, to: place) }
      }
      defer { for moment in moments { try? FileManager.default.removeItem(at: moment) } }
      do {
        let run = try start(configuration(kind, keep: 3, on: backend), in: folder, on: backend)
        remember()
        run.onSave = { _ in remember() }
        run.onEpoch = { _ in remember() }
        #expect(try run.train { false } == .finished)
      }
      let expected = try results(of: folder)
      // Before the first step, steps 3, 4 (an epoch's end), 6 and 8.
      #expect(moments.count == 5)
      for moment in moments {
        try #expect(endOfRun(in: moment, on: backend) == expected)
        // Killed in the middle of a save: all but the state is already there.
        for file in ["last.safetensors", "best.safetensors"].map({ "checkpoints/\($0)" }) + ["metrics.csv"] {
          let place = moment.appendingPathComponent(file)
          try? FileManager.default.removeItem(at: place)
          try copy(folder.appendingPathComponent(file), to: place)
        }
        try #expect(endOfRun(in: moment, on: backend) == expected)
      }
    }
  }

  private func endOfRun(in folder: URL, on backend: any Backend) throws -> [String: Data] {
    let run = try resume(folder, on: backend)
    #expect(try run.train { false } == .finished)
    return try results(of: folder)
  }

  @Test("The last few saves are kept by their names, and what is not the run's is left alone")
  func keeps() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      let mine = folder.appendingPathComponent("checkpoints/step_000001.safetensors")
      let run = try start(configuration(keep: 2, on: backend), in: folder, on: backend)
      try Data("mine".utf8).write(to: mine)
      var kept: [[String]] = []
      func note() {
        let names = try? FileManager.default.contentsOfDirectory(atPath: mine.deletingLastPathComponent().path)
        kept.append((names ?? []).filter { $0.contains("_") }.sorted())
      }
      run.onSave = { _ in note() }
      run.onEpoch = { _ in note() }
      _ = try run.train { false }
      let expected = [
        ["step_000003"], ["epoch_001", "step_000003"], ["epoch_001", "step_000006"], ["epoch_002", "step_000006"],
      ]
      #expect(kept == expected.map { ($0 + ["step_000001"]).sorted().map { "\($0).safetensors" } })
      #expect(try Data(contentsOf: mine) == Data("mine".utf8))
      #expect(try Checkpoint(reading: run.directory.kept(step: 6)).metadata["step"] == "6")
      #expect(try Data(contentsOf: run.directory.kept(epoch: 2)) == Data(contentsOf: run.directory.last))
    }
  }

  @Test("A second process is refused until the first is gone")
  func locked() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      let run = try start(configuration(on: backend), in: folder, on: backend)
      let busy = RunError.busy(path: folder.path, process: Int(getpid()))
      #expect(throws: busy) { try RunDirectory(resuming: folder) }
      #expect(try run.train { (try? RunDirectory(resuming: folder)) != nil } == .finished)
      // It trains no more, and may go on later.
      do { _ = try RunDirectory(resuming: folder) }
      #expect(try run.train { false } == .finished)
    }
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend) }
      _ = try RunDirectory(resuming: folder)
    }
  }

  @Test("What a killed process left half-written goes; everything else stays")
  func leftovers() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend) }
      let left = [
        "config.json.12.tmp", "metrics.csv.3.tmp", "checkpoints/last.state.safetensors.77.tmp",
        "samples/epoch_001.png.9.tmp",
      ]
      let mine = ["notes.tmp", "config.json.old", "checkpoints/best.safetensors.bak", "checkpoints/1.tmp"]
      for name in left + mine { try Data("x".utf8).write(to: folder.appendingPathComponent(name)) }
      _ = try RunDirectory(resuming: folder)
      let files = Set(try FileManager.default.subpathsOfDirectory(atPath: folder.path))
      #expect(files.isDisjoint(with: left))
      #expect(files.isSuperset(of: mine))
    }
  }

  @Test("A folder whose making was cut short can be begun anew, and is none to go on with")
  func cutShort() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      for name in ["checkpoints", "samples"] {
        try FileManager.default.createDirectory(
          at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
      }
      for name in [".lock", "config.json.5.tmp"] {
        try Data().write(to: folder.appendingPathComponent(name))
      }
      #expect(throws: RunError.unbegun(path: folder.path)) { try resume(folder, on: backend) }
      let run = try start(configuration(on: backend), in: folder, on: backend)
      #expect(try run.train { false } == .finished)
    }
  }

  @Test("A run that is stopped while it validates goes on to the same bits", arguments: [nil, 3])
  func stoppedInValidation(steps: Int?) throws {
    let backend = try TestBackends.cpu.make()
    var configuration = try configuration(on: backend)
    configuration.steps = steps
    let expected = try SmallRun.withFolder { folder in
      _ = try start(configuration, in: folder, on: backend).train { false }
      return try results(of: folder)
    }
    try SmallRun.withFolder { folder in
      do {
        let run = try start(configuration, in: folder, on: backend)
        var polls = 0
        let outcome = try run.train {
          polls += 1
          // After the polls of the steps comes that of the one batch of validation.
          return polls > steps ?? 4
        }
        #expect(outcome == .stopped && run.epochsDone == 0 && run.stepsDone == steps ?? 4)
      }
      let run = try resume(folder, on: backend)
      #expect(try run.train { false } == .finished)
      #expect(try results(of: folder) == expected)
    }
  }

  @Test("A loss that is no number ends the run, and what was saved before stays", arguments: ModelKind.allCases)
  func diverges(kind: ModelKind) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      var configuration = try configuration(kind, on: backend)
      configuration.saveEvery = 1
      configuration.options.learningRate = 1e19
      let run = try start(configuration, in: folder, on: backend)
      var saved: [Int] = []
      run.onSave = { saved.append($0) }
      let error = #expect(throws: RunError.self) { try run.train { false } }
      guard case .diverged(let step, _, _, let last) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(step == (saved.last ?? 0) + 1)
      #expect((last != nil) == !saved.isEmpty)
      for file in saved.isEmpty ? [] : [run.directory.last, run.directory.state] {
        let values = try SmallRun.contents(of: file).values
        #expect(values.allSatisfy { $0.allSatisfy(\.isFinite) })
      }
      #expect(error?.description.contains("--learning-rate") == true)
    }
  }

  @Test("Saving and guarding may be changed in a run that goes on, and config.json says so")
  func changedSaving() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend).train { false } }
      let directory = try RunDirectory(resuming: folder)
      var configuration = try directory.readConfiguration()
      configuration.saveEvery = 100
      configuration.keep = 5
      configuration.epochs = 3
      let run = try TrainingRun(resuming: directory, as: configuration, dataset: SmallRun.dataset(), on: backend)
      #expect(try directory.readConfiguration() == configuration)
      #expect(try run.train { false } == .finished)
      configuration.options.seed = 2
      #expect(throws: RunError.self) {
        try TrainingRun(resuming: directory, as: configuration, dataset: SmallRun.dataset(), on: backend)
      }
    }
  }
}
