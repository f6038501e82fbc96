import Data
import Foundation
import Imaging
import MessagePassing
import Runtime

/// A training run in its folder: epochs, validation, sample sheets, checkpoints, and resuming.
public final class TrainingRun {
  /// The outcome of a call of `train`.
  public enum Outcome: Sendable {
    case finished
    /// Stopped by `shouldStop`; everything is saved.
    case stopped
  }

  public let configuration: RunConfiguration
  /// Locked until `train` has returned.
  public private(set) var directory: RunDirectory
  public let trainer: Trainer
  /// Called about twice a second, and after the last step of an epoch.
  public var onProgress: ((TrainingProgress) -> Void)?
  /// Called once, when the first steps have been measured.
  public var onEstimate: ((DurationEstimate) -> Void)?
  /// Called after each epoch, when its files are written.
  public var onEpoch: ((EpochResult) -> Void)?
  /// Called after each save in the middle of an epoch, with the step.
  public var onSave: ((Int) -> Void)?
  /// Called at most once, after an epoch, where the validation errors show that the training diverges.
  public var onDivergence: ((Divergence) -> Void)?
  /// Whether the run was last trained with other tuned algorithms, or with another library for products, so that
  /// results may differ by rounding.
  public internal(set) var hasOtherTuning = false

  /// The processes that train together; the first one alone writes the run's folder.
  let ranks: Communicator
  let backend: any Backend
  let split: TrainingSplit
  var state = TrainingState()
  var table: MetricsTable
  var events: TrainingEvents
  var speed = SpeedMeasurement()
  /// Whether steps were done in an earlier session.
  var isResumed = false
  /// Step of the last save; nil where there is none.
  var savedStep: Int?
  var hasReportedDivergence = false
  private let vote: RankVote
  private let dataset: ImageDataset
  /// Mean squared error of the gray copies of the validation images, computed when it is first needed.
  private(set) lazy var grayValidationError = dataset.grayError(of: split.validation)
  /// Mean colorfulness of the validation images.
  private lazy var photographColorfulness =
    split.validation.reduce(0) { $0 + dataset[Int($1)].colorfulness } / Double(max(split.validation.count, 1))

  /// Seconds between two calls of `onProgress`.
  private static let reportInterval = 0.5

  init(_ preparation: Preparation, directory: RunDirectory, on backend: any Backend) {
    configuration = preparation.configuration
    dataset = preparation.dataset
    split = preparation.split
    trainer = preparation.trainer
    ranks = trainer.replicas.ranks
    vote = RankVote(ranks)
    self.directory = directory
    self.backend = backend
    events = TrainingEvents(in: directory, goingOnAt: 1)
    table = MetricsTable(losses: preparation.trainer.lossNames)
  }

  /// Epochs done, in earlier sessions too.
  public var epochsDone: Int { state.epoch }

  /// Steps done, in earlier sessions too.
  public var stepsDone: Int { state.step }

  /// Steps of an epoch; an incomplete last batch is dropped.
  public var stepsInEpoch: Int { split.training.count / configuration.options.batchSize }

  // MARK: The loop

  /// Trains until the end of the run, or until `shouldStop` returns true, on any rank, between two steps or two batches
  /// of validation; then everything is saved.
  public func train(shouldStop: () -> Bool) throws -> Outcome {
    if isWriter { try directory.hold() }
    defer { directory.release() }
    // An epoch that the step limit ended still has to be validated where the run was stopped before that.
    while !isFinished {
      let start = ContinuousClock.now
      guard let speed = try trainEpoch(shouldStop: shouldStop),
        let evaluation = try validate(shouldStop: shouldStop)
      else {
        try save(.position)
        return .stopped
      }
      try takeLosses()
      try finishEpoch(evaluation, start: start, speed)
    }
    return .finished
  }

  /// Trains the rest of the epoch.
  /// - Returns: images per second, and the share of the time spent waiting for messages; nil where `shouldStop`
  ///   returned true.
  private func trainEpoch(shouldStop: () -> Bool) throws -> (imagesPerSecond: Double, waiting: Double?)? {
    let start = ContinuousClock.now
    let waitedBefore = ranks.secondsWaited
    let firstStep = state.step
    let batchSize = configuration.options.batchSize
    try setOrder(ofEpoch: state.epoch)
    trainer.learningRate = learningRate(inEpoch: state.epoch)
    var meter = ThroughputMeter(step: state.step, secondsWaited: ranks.secondsWaited)
    while hasBatches {
      if try vote.stops(shouldStop()) { return nil }
      try trainer.step(first: state.position)
      state.position += batchSize
      state.step += 1
      // Those at the epoch's end are taken after its validation, so that their points come with the epoch's.
      if stepInEpoch.isMultiple(of: Self.lossInterval), hasBatches { try takeLosses() }
      if let interval = configuration.saveEvery, state.step.isMultiple(of: interval) {
        // The weights after the epoch's last step are kept as the epoch's.
        try save(hasBatches ? .step : .position)
      }
      if vote.reports(meter.secondsSinceLap >= Self.reportInterval) { try report(&meter) }
    }
    try vote.end()
    if state.step > meter.step { try report(&meter) }
    let seconds = start.secondsUntilNow
    return (
      seconds > 0 ? Double((state.step - firstStep) * batchSize) / seconds : 0,
      ranks.rankCount > 1 ? (ranks.secondsWaited - waitedBefore) / max(seconds, 1e-9) : nil
    )
  }

  /// Whether the run has come to its end.
  public var isFinished: Bool {
    state.epoch >= configuration.epochs || (isAtStepLimit || isOutOfPatience) && state.position == 0
  }

  /// The epoch, counted from 1, that the best weights are of; nil before the first one ends.
  public var bestEpoch: Int? { state.bestEpoch }

  /// Whether no epoch had better weights for as long as `patience` says.
  public var isOutOfPatience: Bool {
    configuration.patience.map { state.epoch - (state.bestEpoch ?? state.epoch) >= $0 } ?? false
  }

  /// Whether the limit of the steps is reached.
  public var isAtStepLimit: Bool { configuration.steps.map { state.step >= $0 } ?? false }

  var hasBatches: Bool {
    state.position + configuration.options.batchSize <= split.training.count && !isAtStepLimit
  }

  /// Steps done in this epoch.
  var stepInEpoch: Int { state.position / configuration.options.batchSize }

  /// Shuffles the training images, drawn from those of their photographs with `Crop.random`, and flips half of them
  /// horizontally, if any, by the seed and the epoch.
  private func setOrder(ofEpoch epoch: Int) throws {
    let options = configuration.options
    let order = Shuffle.order(of: split, epoch: epoch, seed: options.seed)
    let flipped =
      options.horizontalFlips ? Shuffle.horizontalFlips(count: order.count, epoch: epoch, seed: options.seed) : []
    try trainer.setOrder(order, flipped: flipped)
  }

  /// The learning rate of an epoch, multiplied by the decay after every one.
  func learningRate(inEpoch epoch: Int) -> Float {
    var rate = configuration.options.learningRate
    for _ in 0..<epoch {
      let next = rate * configuration.options.learningRateDecay
      // From here on it stays the same, because the product is rounded to it.
      if next == rate { break }
      rate = next
    }
    return rate
  }

  /// Colors and measures the validation images; nil where `shouldStop` returned true before the end.
  private func validate(shouldStop: () -> Bool) throws -> Evaluation? {
    do {
      return try Evaluation(
        trainer.predictor, dataset: dataset,
        shown: isWriter ? Array(0..<min(Preparation.sampleCount, trainer.predictor.batches.count)) : [], over: ranks,
        computesMetrics: !split.validation.isEmpty, shouldStop: shouldStop)
    } catch is Evaluation.Cancelled {
      return nil
    }
  }

  /// Ends the epoch, and writes its row, its sheet and its checkpoints.
  private func finishEpoch(
    _ evaluation: Evaluation, start: ContinuousClock.Instant, _ speed: (imagesPerSecond: Double, waiting: Double?)
  ) throws {
    let losses = means(of: state.lossSums)
    let error =
      evaluation.metrics.map { configuration.usedBestBy.value(of: $0, photographs: photographColorfulness) }
      ?? losses[trainer.colorLoss].value
    try requireFinite([error])
    let isBest = state.bestValidationError.map { error < $0 } ?? true
    if isBest { state.bestValidationError = error }
    state.beginNextEpoch()
    if isBest { state.bestEpoch = state.epoch }
    try requireSameWeights()
    let result = EpochResult(
      epoch: state.epoch, epochs: configuration.epochs, step: state.step, learningRate: trainer.learningRate,
      losses: losses, validation: evaluation.metrics, seconds: start.secondsUntilNow,
      imagesPerSecond: speed.imagesPerSecond,
      waiting: speed.waiting)
    let row = table.append(result)
    try save(.epoch(isBest: isBest, evaluation.sheet, row: row))
    onEpoch?(result)
    watchDivergence()
  }
}
