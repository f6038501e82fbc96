import Data
import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// Runs resumed from what a killed process may leave.
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
      let torn = folder.appendingPathExtension("torn")
      defer { for place in moments + [torn] { try? FileManager.default.removeItem(at: place) } }
      do {
        let run = try start(configuration(kind, keep: 3, on: backend), in: folder, on: backend)
        remember()
        run.onSave = { _ in remember() }
        run.onEpoch = { _ in remember() }
        #expect(try run.train { false } == .finished)
      }
      // Before the first step, steps 3, 4 (an epoch's end), 6 and 8.
      #expect(moments.count == 5)
      let expected = try results(of: folder)
      for (index, moment) in moments.enumerated() {
        // Killed in the middle of the next save: all but the state is already there. And files that are newer by far.
        for newer in [moments.dropFirst(index + 1).first ?? folder, folder] {
          try? FileManager.default.removeItem(at: torn)
          try copy(moment, to: torn)
          try overlay(newer, onto: torn)
          try #expect(endOfRun(in: torn, on: backend) == expected)
        }
        // Last, because it changes `moment`.
        try #expect(endOfRun(in: moment, on: backend) == expected)
      }
    }
  }

  /// Brings all that a save writes, but for the state, from one copy of a run to another.
  private func overlay(_ newer: URL, onto folder: URL) throws {
    for name in try FileManager.default.subpathsOfDirectory(atPath: newer.path)
    where ["safetensors", "csv", "png"].contains(URL(filePath: name).pathExtension) {
      let place = folder.appendingPathComponent(name)
      if place.path == RunDirectory(opening: folder).state.path { continue }
      try? FileManager.default.removeItem(at: place)
      try copy(newer.appendingPathComponent(name), to: place)
    }
  }

  @Test("A run that has lost its state is refused, and nothing in it is touched")
  func withoutState() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend).train { false } }
      let directory = RunDirectory(opening: folder)
      try FileManager.default.removeItem(at: directory.state)
      let left = try results(of: folder)
      let refusal = RunError.withoutState(path: directory.state.path)
      #expect(throws: refusal) { try resume(folder, on: backend) }
      #expect(try results(of: folder) == left)
      // Weights alone, or rows alone, are enough.
      try FileManager.default.moveItem(at: directory.metrics, to: folder.appendingPathComponent("elsewhere"))
      #expect(throws: refusal) { try resume(folder, on: backend) }
      try FileManager.default.moveItem(at: folder.appendingPathComponent("elsewhere"), to: directory.metrics)
      for file in [directory.last, directory.best] { try FileManager.default.removeItem(at: file) }
      #expect(throws: refusal) { try resume(folder, on: backend) }
      #expect(refusal.description.contains("--out") && !refusal.description.contains("\n"))
    }
  }

  @Test("A run has a state from its making on, and without it, if nothing was trained, begins again")
  func beginning() throws {
    let backend = try TestBackends.cpu.make()
    let configuration = try configuration(on: backend)
    let expected = try SmallRun.withFolder { folder in
      do { _ = try start(configuration, in: folder, on: backend).train { false } }
      return try results(of: folder)
    }
    for hasState in [true, false] {
      try SmallRun.withFolder { folder in
        do { _ = try start(configuration, in: folder, on: backend) }
        let state = RunDirectory(opening: folder).state
        #expect(FileManager.default.fileExists(atPath: state.path))
        if !hasState { try FileManager.default.removeItem(at: state) }
        #expect(try endOfRun(in: folder, on: backend) == expected)
      }
    }
  }

  @Test(
    "A state that names other files than checkpoints for removal is refused",
    arguments: ["../../notes.safetensors", "last.safetensors", "epoch_.safetensors", "step_1.safetensors/../last", ""])
  func foreignNames(name: String) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend) }
      try SmallRun.changeState(at: RunDirectory(opening: folder).state) {
        $0["kept"] = [name, "epoch_001.safetensors"]
      }
      let error = #expect(throws: CheckpointError.self) { try resume(folder, on: backend) }
      guard case .wrongState = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// Numbers that would overflow where a run counts on, and those that no run of these steps and epochs can have.
  @Test(
    "A state with impossible numbers is refused",
    arguments: [
      ("step", Int.max), ("step", 1), ("summedSteps", Int.max), ("epoch", 999_999_999), ("epoch", 1),
      ("position", Int.max - 7), ("bestValidationError", -1),
    ])
  func impossibleNumbers(key: String, value: Int) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend) }
      let state = RunDirectory(opening: folder).state
      try SmallRun.changeState(at: state) { $0[key] = value }
      let refusal = CheckpointError.wrongState(path: state.path, reason: "belongs to another run")
      #expect(throws: refusal) { try resume(folder, on: backend) }
    }
  }

  @Test("A watch that counts more steps than the run has is refused")
  func impossibleWatch() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(.gan, on: backend), in: folder, on: backend) }
      let state = RunDirectory(opening: folder).state
      try SmallRun.changeState(at: state) { $0["watch"] = ["ledSteps": Int.max] }
      let refusal = CheckpointError.wrongState(path: state.path, reason: "belongs to another run")
      #expect(throws: refusal) { try resume(folder, on: backend) }
    }
  }

  @Test(
    "Names of kept checkpoints are recognized",
    arguments: ["epoch_001.safetensors", "epoch_1000.safetensors", "step_000000.safetensors"])
  func keptNames(name: String) {
    #expect(RunDirectory.isKept(name))
    #expect(!RunDirectory.isKept("\(name).bak") && !RunDirectory.isKept("x\(name)"))
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
      // Its training has ended, and may be resumed.
      do { _ = try RunDirectory(resuming: folder) }
      #expect(try run.train { false } == .finished)
    }
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend) }
      _ = try RunDirectory(resuming: folder)
    }
  }

  @Test("Half-written files of a killed process are removed; all others stay")
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

  @Test("Links under a run's names are not followed when it writes")
  func links() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend) }
      let notes = folder.appendingPathComponent("notes")
      try Data("mine".utf8).write(to: notes)
      for name in [
        "metrics.csv", "samples/epoch_001.png", "checkpoints/last.safetensors", "checkpoints/best.safetensors",
      ] {
        try FileManager.default.createSymbolicLink(at: folder.appendingPathComponent(name), withDestinationURL: notes)
      }
      let run = try resume(folder, on: backend)
      #expect(try run.train { false } == .finished)
      #expect(try Data(contentsOf: notes) == Data("mine".utf8))
    }
  }

  @Test("A folder of an interrupted start can be reused, and not resumed")
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

  @Test("A run that is stopped while it validates ends with the same bits", arguments: [nil, 3])
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

  @Test("A NaN loss ends the run, and what was saved before stays", arguments: ModelKind.allCases)
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

  @Test("The place of the photographs may be changed, and not the photographs")
  func changedPlace() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend) }
      let directory = try RunDirectory(resuming: folder)
      var configuration = try directory.readConfiguration()
      (configuration.data, configuration.dataFolder) = ("/elsewhere", "/there")
      let other = try Scenes.dataset(.training, count: 48, seed: 8)
      #expect(throws: RunError.self) {
        try TrainingRun(resuming: directory, as: configuration, dataset: other, on: backend)
      }
      #expect(try directory.readConfiguration().data == "scenes")
      let run = try TrainingRun(resuming: directory, as: configuration, dataset: SmallRun.dataset(), on: backend)
      #expect(try directory.readConfiguration() == configuration)
      #expect(try run.train { false } == .finished)
    }
  }

  @Test("A run cannot end before the epochs and steps that are done")
  func fewerEpochs() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do { _ = try start(configuration(on: backend), in: folder, on: backend).train { false } }
      let directory = try RunDirectory(resuming: folder)
      var configuration = try directory.readConfiguration()
      configuration.epochs = 1
      #expect(throws: RunError.invalidOption("--epochs 1: 2 epochs are done already")) {
        try TrainingRun(resuming: directory, as: configuration, dataset: SmallRun.dataset(), on: backend)
      }
      (configuration.epochs, configuration.steps) = (2, 7)
      #expect(throws: RunError.invalidOption("--steps 7: 8 steps are done already")) {
        try TrainingRun(resuming: directory, as: configuration, dataset: SmallRun.dataset(), on: backend)
      }
    }
  }

  @Test("Saving and guarding may be changed at a resume, and config.json says so")
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
