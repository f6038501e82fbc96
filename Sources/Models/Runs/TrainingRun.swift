import Data
import Foundation
import Imaging
import Runtime

/// A training run and its folder: epochs, validation, sample sheets, checkpoints, and going on where it stopped.
public final class TrainingRun {
  /// How a call of `train` ended.
  public enum Outcome: Sendable {
    case finished
    /// `shouldStop` said so; everything is saved.
    case stopped
  }

  public let configuration: RunConfiguration
  public let directory: RunDirectory
  public let trainer: Trainer
  /// Called every so often, and after the last step of an epoch.
  public var onProgress: ((TrainingProgress) -> Void)?
  /// Called after each epoch, when its files are written.
  public var onEpoch: ((EpochResult) -> Void)?

  private let backend: any Backend
  private let dataset: ImageDataset
  private let split: TrainingSplit
  private var state = TrainingState()
  private var table: MetricsTable
  private var events: TrainingEvents

  /// Seconds between two calls of `onProgress`.
  private static let reportInterval = 0.5

  /// The device adds the losses of so many steps in float32 before the host takes them over in double precision. At fixed
  /// steps, not when somebody looks: rounding would depend on it.
  private static let lossInterval = 16

  /// Starts a new run in a new folder.
  /// - Parameters:
  ///   - dataset: the training files' photographs; their size must be the configuration's.
  ///   - residency: how many of them lie on the device.
  /// - Throws: `ModelError`, `DataError`, `RunError`, `BackendError`.
  public convenience init(
    _ configuration: RunConfiguration, in folder: URL, dataset: ImageDataset,
    residency: ImageResidency = .automatic, on backend: any Backend
  ) throws {
    var prepared = try Preparation(configuration, dataset: dataset, residency: residency, on: backend)
    prepared.configuration.tuning = backend.tuning
    // The folder comes last, so that a run that cannot start leaves none behind.
    try self.init(prepared, directory: RunDirectory(creating: folder, prepared.configuration), on: backend)
  }

  /// Goes on with a run.
  /// - Parameters:
  ///   - dataset: the same photographs as before.
  ///   - residency: how many of them lie on the device; it may be another than before.
  /// - Throws: as for a new run, and `SafetensorsError`, `CheckpointError`.
  public convenience init(
    resuming folder: URL, dataset: ImageDataset, residency: ImageResidency = .automatic, on backend: any Backend
  ) throws {
    let directory = RunDirectory(opening: folder)
    let configuration = try directory.readConfiguration()
    try self.init(
      Preparation(configuration, dataset: dataset, residency: residency, on: backend), directory: directory,
      on: backend)
    // A run that was killed before its first checkpoint begins again: all it did follows from its configuration.
    events = TrainingEvents(in: directory, stepsDone: 0)
    guard FileManager.default.fileExists(atPath: directory.state.path) else { return }
    state = try TrainingState.read(from: directory.state, into: trainer, on: backend)
    guard let begun = state.configuration, begun.allows(configuration) else {
      throw RunError.notARun(
        path: folder.path,
        reason: "config.json was changed; only epochs and steps, to go on longer, device and precision may be")
    }
    guard state.position.isMultiple(of: configuration.options.batchSize), state.position <= split.training.count,
      state.epoch <= configuration.epochs
    else { throw CheckpointError.wrongState(path: directory.state.path, reason: "belongs to another run") }
    table = try directory.readMetrics(columns: table.columns, throughEpoch: state.epoch)
    events = TrainingEvents(in: directory, stepsDone: state.step)
  }

  private init(_ preparation: Preparation, directory: RunDirectory, on backend: any Backend) throws {
    configuration = preparation.configuration
    dataset = preparation.dataset
    split = preparation.split
    trainer = preparation.trainer
    self.directory = directory
    self.backend = backend
    events = TrainingEvents(in: directory, stepsDone: nil)
    table = MetricsTable(
      columns: ["epoch", "step", "learning_rate"] + preparation.trainer.lossNames + [
        "validation_mse", "validation_psnr", "validation_ssim", "validation_colorfulness", "seconds",
        "images_per_second",
      ])
  }

  /// Epochs done when the run starts or goes on.
  public var epochsDone: Int { state.epoch }

  /// Whether the device was tuned since the run began, so that going on may differ by rounding.
  public var hasOtherTuning: Bool { configuration.tuning != backend.tuning }

  /// Steps of an epoch; photographs that do not fill a batch sit the epoch out.
  public var stepsInEpoch: Int { split.training.count / configuration.options.batchSize }

  /// Trains until the end of the run, or until `shouldStop` says so between two steps; then everything is saved.
  public func train(shouldStop: () -> Bool) throws -> Outcome {
    while state.epoch < configuration.epochs, !isAtStepLimit {
      if try trainEpoch(shouldStop: shouldStop) == .stopped {
        try saveState()
        return .stopped
      }
    }
    return .finished
  }

  private var isAtStepLimit: Bool { configuration.steps.map { state.step >= $0 } ?? false }

  private func trainEpoch(shouldStop: () -> Bool) throws -> Outcome {
    let batchSize = configuration.options.batchSize
    let start = ContinuousClock.now
    let firstStep = state.step
    try trainer.order.set(order(ofEpoch: state.epoch))
    trainer.learningRate = learningRate(inEpoch: state.epoch)
    var meter = ThroughputMeter(step: state.step)
    while state.position + batchSize <= split.training.count, !isAtStepLimit {
      if shouldStop() {
        state.pendingLosses = try trainer.losses()
        return .stopped
      }
      try trainer.step(first: state.position)
      state.position += batchSize
      state.step += 1
      if stepInEpoch.isMultiple(of: Self.lossInterval) { try takeLosses(of: Self.lossInterval) }
      if meter.secondsSinceReport >= Self.reportInterval { try report(&meter) }
    }
    if meter.hasNewSteps(at: state.step) { try report(&meter) }
    try takeLosses(of: stepInEpoch % Self.lossInterval)
    let trainingSeconds = start.secondsUntilNow
    let stepsDone = state.step - firstStep
    try finishEpoch(
      start: start, imagesPerSecond: trainingSeconds > 0 ? Double(stepsDone * batchSize) / trainingSeconds : 0)
    return .finished
  }

  /// Which photographs the epoch visits in which order, and which of them mirrored.
  private func order(ofEpoch epoch: Int) -> [UInt32] {
    let options = configuration.options
    let order = Shuffle.order(of: split.training, epoch: epoch, seed: options.seed)
    return options.horizontalFlips ? Shuffle.mirroring(order, epoch: epoch, seed: options.seed) : order
  }

  /// The schedule: × decay after every epoch.
  private func learningRate(inEpoch epoch: Int) -> Float {
    var rate = configuration.options.learningRate
    for _ in 0..<epoch { rate *= configuration.options.learningRateDecay }
    return rate
  }

  /// Takes over the losses' sums from the device.
  /// - Parameter count: the steps since the last time.
  private func takeLosses(of count: Int) throws {
    let sums = try trainer.takeLosses().map(Double.init)
    try events.write(losses: trainer.lossNames, sums: sums, over: count, step: state.step)
    state.lossSums = state.lossSums.isEmpty ? sums : zip(state.lossSums, sums).map(+)
  }

  /// Tells how far the run is.
  private func report(_ meter: inout ThroughputMeter) throws {
    let pending = try trainer.losses().map(Double.init)
    let sums = state.lossSums.isEmpty ? pending : zip(state.lossSums, pending).map(+)
    guard sums.allSatisfy(\.isFinite) else {
      let last = directory.last.path
      throw RunError.diverged(
        step: state.step, lastCheckpoint: FileManager.default.fileExists(atPath: last) ? last : nil)
    }
    let imagesPerSecond = meter.lap(step: state.step) * Double(configuration.options.batchSize)
    var stepsLeft = (configuration.epochs - state.epoch) * stepsInEpoch - stepInEpoch
    if let limit = configuration.steps { stepsLeft = min(stepsLeft, limit - state.step) }
    let secondsLeft = Double(stepsLeft * configuration.options.batchSize) / max(imagesPerSecond, 1e-9)
    onProgress?(
      TrainingProgress(
        epoch: state.epoch + 1, epochs: configuration.epochs, step: stepInEpoch, stepsInEpoch: stepsInEpoch,
        losses: means(of: sums), imagesPerSecond: imagesPerSecond, secondsLeft: secondsLeft))
  }

  private var stepInEpoch: Int { state.position / configuration.options.batchSize }

  /// Means over the epoch's steps so far.
  private func means(of sums: [Double]) -> [(name: String, value: Double)] {
    zip(trainer.lossNames, sums).map { ($0, $1 / Double(max(stepInEpoch, 1))) }
  }

  /// Validates, and writes the epoch's row, sheet and checkpoints.
  private func finishEpoch(start: ContinuousClock.Instant, imagesPerSecond: Double) throws {
    let evaluation = try Evaluation(
      trainer.predictor, dataset: dataset, sampleCount: Preparation.sampleCount,
      computesMetrics: !split.validation.isEmpty)
    let losses = means(of: state.lossSums)
    let rate = trainer.learningRate
    state.epoch += 1
    state.position = 0
    state.lossSums = []
    state.pendingLosses = []

    let error = evaluation.metrics?.mse ?? losses[trainer.colorLoss].value
    let isBest = state.bestValidationError.map { error < $0 } ?? true
    if isBest { state.bestValidationError = error }
    try directory.write(evaluation.sheet, epoch: state.epoch)
    let seconds = start.secondsUntilNow
    var row = ["\(state.epoch)", "\(state.step)", "\(rate)"] + losses.map { "\($0.value)" }
    let metrics = evaluation.metrics
    row += [metrics?.mse, metrics?.psnr, metrics?.ssim, metrics?.colorfulness].map { $0.map { "\($0)" } ?? "" }
    row += ["\(seconds)", "\(imagesPerSecond)"]
    table.append(row)
    try directory.write(table)
    try events.write(
      columns: table.columns, row: row, sheet: directory.sample(epoch: state.epoch), step: state.step)
    if isBest { try writeWeights(to: directory.best) }
    try saveState()
    onEpoch?(
      EpochResult(
        epoch: state.epoch, epochs: configuration.epochs, losses: losses, validation: metrics, seconds: seconds,
        imagesPerSecond: imagesPerSecond))
  }

  private func saveState() throws {
    state.configuration = configuration
    try writeWeights(to: directory.last)
    try state.write(trainer, to: directory.state, on: backend)
  }

  private func writeWeights(to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try Checkpoint.write(
      trainer.generator, configuration: configuration.model,
      metadata: [
        "image_height": String(configuration.imageHeight), "image_width": String(configuration.imageWidth),
        "epoch": String(state.epoch), "step": String(state.step),
        "recipe": String(decoding: try encoder.encode(configuration.options), as: UTF8.self),
        "version": configuration.version,
      ], to: url, on: backend)
  }
}
