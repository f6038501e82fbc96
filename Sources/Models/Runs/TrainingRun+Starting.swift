import Data
import Files
import Foundation
import MessagePassing
import Runtime

extension TrainingRun {
  /// Starts a new run in a new folder.
  /// - Parameters:
  ///   - weights: the weights that the network that colors starts from, and their name; nil for those of the seed.
  ///   - dataset: the training images; their size must be the configuration's.
  ///   - residency: how many of them are on the device at a time.
  ///   - ranks: the processes that train together, each with the same arguments; the first writes the folder.
  /// - Throws: `ModelError`, `DataError`, `RunError`, `BackendError`; what reading the weights throws.
  public convenience init(
    _ configuration: RunConfiguration, startingFrom weights: (name: String, checkpoint: Checkpoint)? = nil,
    in folder: URL, dataset: ImageDataset, residency: ImageResidency = .automatic, ranks: Communicator = .single,
    on backend: any Backend
  ) throws {
    if let name = configuration.initialWeights?.name, weights == nil {
      throw RunError.invalidOption("--init \(name): the weights that the run is to start from are not given")
    }
    try ranks.measureMemory(of: backend)
    let prepared = try ranks.together {
      try Preparation(
        configuration, startingFrom: weights, dataset: dataset, residency: residency, ranks: ranks, on: backend)
    }
    try ranks.requireAgreement(on: prepared.configuration.agreements)
    // The folder comes last, so that a run that cannot start leaves none behind.
    let directory = try ranks.together {
      ranks.rank == 0
        ? try RunDirectory(creating: folder, prepared.configuration) : RunDirectory(opening: folder)
    }
    self.init(prepared, directory: directory, on: backend)
    try ranks.together { try saveBeginning() }
    try shareState()
  }

  /// Resumes a run.
  /// - Parameters:
  ///   - dataset: the same images as before.
  ///   - residency: how many of them are on the device at a time; it may be another than before.
  /// - Throws: as for a new run, and `SafetensorsError`, `CheckpointError`.
  public convenience init(
    resuming folder: URL, dataset: ImageDataset, residency: ImageResidency = .automatic, on backend: any Backend
  ) throws {
    let directory = try RunDirectory(resuming: folder)
    try self.init(
      resuming: directory, as: directory.readConfiguration(), dataset: dataset, residency: residency, on: backend)
  }

  /// Resumes a run in a folder that was opened for that.
  /// - Parameters:
  ///   - configuration: that of `config.json`, except for what may change in a run; it is written there.
  ///   - ranks: the processes that train together. The first has opened the folder to resume the run, the others to
  ///     read.
  public convenience init(
    resuming directory: RunDirectory, as configuration: RunConfiguration, dataset: ImageDataset,
    residency: ImageResidency = .automatic, ranks: Communicator = .single, on backend: any Backend
  ) throws {
    try ranks.measureMemory(of: backend)
    let prepared = try ranks.together {
      try Preparation(configuration, dataset: dataset, residency: residency, ranks: ranks, on: backend)
    }
    try ranks.requireAgreement(on: prepared.configuration.agreements)
    self.init(prepared, directory: directory, on: backend)
    try ranks.together { if isWriter { try takeUp() } }
    try shareState()
    savedStep = state.step > 0 ? state.step : nil
    isResumed = state.step > 0
  }

  /// Restores the state, where the configuration is still the run's, and writes down what changed in it.
  private func takeUp() throws {
    let written = try directory.readConfiguration()
    hasOtherTuning = written.tuning != backend.tuning
    guard written.allows(configuration) else { throw Self.changedConfiguration(directory) }
    try restore()
    if configuration != written { try saving { try directory.write(configuration) } }
  }

  /// Restores the state from its file. A run that was killed before it wrote one begins again: nothing was trained. One
  /// whose state is missing is refused, as beginning again would overwrite what was trained.
  private func restore() throws {
    guard Folder.holdsName(directory.state.path) else {
      guard !directory.holdsResults else { throw RunError.withoutState(path: directory.state.path) }
      if let weights = configuration.initialWeights {
        throw RunError.notARun(
          path: directory.url.path,
          reason: "it was ended before it saved the weights of --init \(weights.name); begin another by --out")
      }
      return try saveBeginning()
    }
    state = try TrainingState.read(from: directory.state, into: trainer, on: backend)
    guard let begun = state.configuration, begun.allows(configuration) else {
      throw Self.changedConfiguration(directory)
    }
    if state.epoch > configuration.epochs, state.epoch <= begun.epochs {
      throw RunError.invalidOption("--epochs \(configuration.epochs): \(state.epoch) epochs are done already")
    }
    if let steps = configuration.steps, state.step > steps, state.step <= begun.steps ?? .max {
      throw RunError.invalidOption("--steps \(steps): \(state.step) steps are done already")
    }
    guard state.isPossible(with: configuration, trainingCount: split.training.count) else {
      throw CheckpointError.wrongState(path: directory.state.path, reason: "belongs to another run")
    }
    state.summedSteps = stepInEpoch - stepsToSum
    // Where neither an older state nor the weights say which epoch had the best ones, patience begins anew.
    if state.bestValidationError != nil, state.bestEpoch == nil { state.bestEpoch = epochOfBest ?? state.epoch }
    table = try directory.readMetrics(losses: trainer.lossNames, throughEpoch: state.epoch)
    // The last steps' point is written when their losses are summed. Where the state has not summed them, what was
    // written at its step was written after it, and is written again.
    events = TrainingEvents(in: directory, goingOnAt: stepsToSum > 0 ? state.step : state.step + 1)
    removeSuperseded()
  }

  /// The epoch that the best weights say they are of; nil where it is none of those done.
  private var epochOfBest: Int? {
    let epoch = (try? Checkpoint(reading: directory.best))?.metadata["epoch"].flatMap { Int($0) }
    return epoch.flatMap { (1...max(1, state.epoch)).contains($0) ? $0 : nil }
  }

  private static func changedConfiguration(_ directory: RunDirectory) -> RunError {
    .notARun(
      path: directory.url.path,
      reason: "config.json was changed; only epochs, steps and patience, to go on longer, the place of the data, "
        + "saving, device, precision and products may be")
  }
}
