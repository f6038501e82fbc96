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
  /// Locked until `train` has returned.
  public private(set) var directory: RunDirectory
  public let trainer: Trainer
  /// Called every so often, and after the last step of an epoch.
  public var onProgress: ((TrainingProgress) -> Void)?
  /// Called after each epoch, when its files are written.
  public var onEpoch: ((EpochResult) -> Void)?
  /// Called after each save in the middle of an epoch, with the step.
  public var onSave: ((Int) -> Void)?
  /// Whether the device was tuned since the run was trained last, so that going on may differ by rounding.
  public private(set) var hasOtherTuning = false

  let backend: any Backend
  let split: TrainingSplit
  var state = TrainingState()
  var table: MetricsTable
  /// Step of the last save; nil where there is none.
  var savedStep: Int?
  private let dataset: ImageDataset
  var events: TrainingEvents

  /// The metrics of the validation images in `metrics.csv`.
  private static let loggedMetrics: [Metric] = [.mse, .psnr, .ssim, .colorfulness]

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
    try saveBeginning()
  }

  /// Goes on with a run.
  /// - Parameters:
  ///   - dataset: the same photographs as before.
  ///   - residency: how many of them lie on the device; it may be another than before.
  /// - Throws: as for a new run, and `SafetensorsError`, `CheckpointError`.
  public convenience init(
    resuming folder: URL, dataset: ImageDataset, residency: ImageResidency = .automatic, on backend: any Backend
  ) throws {
    let directory = try RunDirectory(resuming: folder)
    try self.init(
      resuming: directory, as: directory.readConfiguration(), dataset: dataset, residency: residency, on: backend)
  }

  /// Goes on with a run in a folder that was opened for that.
  /// - Parameter configuration: that of `config.json`, but for what may change in a run; it is written there.
  public convenience init(
    resuming directory: RunDirectory, as configuration: RunConfiguration, dataset: ImageDataset,
    residency: ImageResidency = .automatic, on backend: any Backend
  ) throws {
    let written = try directory.readConfiguration()
    var prepared = try Preparation(configuration, dataset: dataset, residency: residency, on: backend)
    prepared.configuration.tuning = backend.tuning
    try self.init(prepared, directory: directory, on: backend)
    hasOtherTuning = written.tuning != backend.tuning
    guard written.allows(self.configuration) else { throw Self.changedConfiguration(directory) }
    try restore()
    if self.configuration != written { try saving { try directory.write(self.configuration) } }
  }

  /// Takes over what the state file holds. A run that was killed before it wrote one begins again: nothing was trained. One
  /// whose state is gone is refused, as beginning again would overwrite what was trained.
  private func restore() throws {
    guard FileManager.default.fileExists(atPath: directory.state.path) else {
      guard !directory.holdsResults else { throw RunError.withoutState(path: directory.state.path) }
      return try saveBeginning()
    }
    state = try TrainingState.read(from: directory.state, into: trainer, on: backend)
    guard let begun = state.configuration, begun.allows(configuration) else {
      throw Self.changedConfiguration(directory)
    }
    guard state.position.isMultiple(of: configuration.options.batchSize), state.position <= split.training.count,
      state.epoch <= configuration.epochs
    else { throw CheckpointError.wrongState(path: directory.state.path, reason: "belongs to another run") }
    state.summedSteps = stepInEpoch - stepsToSum
    table = try directory.readMetrics(columns: table.columns, throughEpoch: state.epoch)
    // The last steps' point is written when their losses are summed up. Where the state has not summed them, what was
    // written at its step was written after it, and is written again.
    events = TrainingEvents(in: directory, goingOnAt: stepsToSum > 0 ? state.step : state.step + 1)
    savedStep = state.step > 0 ? state.step : nil
    removeSuperseded()
  }

  private static func changedConfiguration(_ directory: RunDirectory) -> RunError {
    .notARun(
      path: directory.url.path,
      reason: "config.json was changed; only epochs and steps, to go on longer, saving, device and precision may be")
  }

  private init(_ preparation: Preparation, directory: RunDirectory, on backend: any Backend) throws {
    configuration = preparation.configuration
    dataset = preparation.dataset
    split = preparation.split
    trainer = preparation.trainer
    self.directory = directory
    self.backend = backend
    events = TrainingEvents(in: directory, goingOnAt: 1)
    table = MetricsTable(
      columns: ["epoch", "step", "learning_rate"] + preparation.trainer.lossNames
        + Self.loggedMetrics.map { "validation_\($0.column)" } + ["seconds", "images_per_second"])
  }

  /// Epochs done when the run starts or goes on.
  public var epochsDone: Int { state.epoch }

  /// Steps done in all.
  public var stepsDone: Int { state.step }

  /// Steps of an epoch; photographs that do not fill a batch sit the epoch out.
  public var stepsInEpoch: Int { split.training.count / configuration.options.batchSize }

  /// Trains until the end of the run, or until `shouldStop` says so between two steps or two batches of validation; then
  /// everything is saved.
  public func train(shouldStop: () -> Bool) throws -> Outcome {
    try directory.hold()
    defer { directory.release() }
    // An epoch that the step limit cut short is still to be finished where the run was ended while it was validated.
    while state.epoch < configuration.epochs, !isAtStepLimit || state.position > 0 {
      if try trainEpoch(shouldStop: shouldStop) == .stopped {
        try save(.position)
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
    while hasBatches {
      if shouldStop() { return .stopped }
      try trainer.step(first: state.position)
      state.position += batchSize
      state.step += 1
      // Those of the epoch's end wait until it is validated, so that their points come with the epoch's.
      if stepInEpoch.isMultiple(of: Self.lossInterval), hasBatches { try takeLosses() }
      if let interval = configuration.saveEvery, state.step.isMultiple(of: interval) {
        // The weights after the epoch's last step are kept as the epoch's.
        try save(hasBatches ? .step : .position)
      }
      if meter.secondsSinceReport >= Self.reportInterval { try report(&meter) }
    }
    if meter.hasNewSteps(at: state.step) { try report(&meter) }
    let trainingSeconds = start.secondsUntilNow
    let stepsDone = state.step - firstStep
    guard let evaluation = try validated(shouldStop: shouldStop) else { return .stopped }
    try takeLosses()
    try finishEpoch(
      evaluation, start: start,
      imagesPerSecond: trainingSeconds > 0 ? Double(stepsDone * batchSize) / trainingSeconds : 0)
    return .finished
  }

  private var hasBatches: Bool {
    state.position + configuration.options.batchSize <= split.training.count && !isAtStepLimit
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
  private func takeLosses() throws {
    let steps = stepsToSum
    let sums = try trainer.takeLosses().map(Double.init)
    try saving { try events.write(losses: trainer.lossNames, sums: sums, over: steps, step: state.step) }
    state.lossSums = state.lossSums.isEmpty ? sums : zip(state.lossSums, sums).map(+)
    state.summedSteps = stepInEpoch
    try requireFinite(state.lossSums)
    if steps > 0 { try watch(sums.map { $0 / Double(steps) }, steps: steps) }
  }

  /// Steps of the current epoch whose losses the device has not handed over. In files from before it was noted, all were
  /// taken at each interval's end.
  private var stepsToSum: Int {
    stepInEpoch - (state.summedSteps ?? stepInEpoch / Self.lossInterval * Self.lossInterval)
  }

  /// Ends the run where the discriminator has won. At fixed steps, like the sums, so that a run that was resumed ends where
  /// one that never stopped does.
  private func watch(_ means: [Double], steps: Int) throws {
    var watch = state.watch ?? DiscriminatorWatch()
    watch.observe(Dictionary(uniqueKeysWithValues: zip(trainer.lossNames, means)), steps: steps)
    state.watch = watch
    guard watch.hasWon, configuration.noGuard != true else { return }
    throw RunError.discriminatorWon(
      step: state.step, steps: watch.ledSteps, run: directory.url.path, checkpoint: existing(directory.best))
  }

  /// Tells how far the run is.
  private func report(_ meter: inout ThroughputMeter) throws {
    let sums = state.lossSums(with: try trainer.losses())
    try requireFinite(sums)
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

  /// How well the validation photographs are colored; nil where `shouldStop` said so before that was known.
  private func validated(shouldStop: () -> Bool) throws -> Evaluation? {
    do {
      return try Evaluation(
        trainer.predictor, dataset: dataset, sampleCount: Preparation.sampleCount,
        computesMetrics: !split.validation.isEmpty, shouldStop: shouldStop)
    } catch is Evaluation.Stopped {
      return nil
    }
  }

  /// Writes the epoch's row, sheet and checkpoints.
  private func finishEpoch(_ evaluation: Evaluation, start: ContinuousClock.Instant, imagesPerSecond: Double) throws {
    let losses = means(of: state.lossSums)
    let metrics = evaluation.metrics
    let error = metrics?[.mse] ?? losses[trainer.colorLoss].value
    try requireFinite([error])
    let isBest = state.bestValidationError.map { error < $0 } ?? true
    if isBest { state.bestValidationError = error }
    state.beginNextEpoch()

    let seconds = start.secondsUntilNow
    var row = ["\(state.epoch)", "\(state.step)", "\(trainer.learningRate)"] + losses.map { "\($0.value)" }
    row += Self.loggedMetrics.map { metric in metrics.map { "\($0[metric])" } ?? "" }
    row += ["\(seconds)", "\(imagesPerSecond)"]
    table.append(row)
    try save(.epoch(isBest: isBest, evaluation.sheet, row: row))
    onEpoch?(
      EpochResult(
        epoch: state.epoch, epochs: configuration.epochs, losses: losses, validation: metrics, seconds: seconds,
        imagesPerSecond: imagesPerSecond))
  }
}
