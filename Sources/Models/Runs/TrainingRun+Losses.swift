import Files
import Foundation
import Runtime

/// The losses of a run: their sums, their means and what they and the validation errors show.
extension TrainingRun {
  /// The device sums the losses of this many steps in float32 before the host adds them in double precision. The
  /// interval is in steps and not in time, on which rounding would depend.
  static let lossInterval = 16

  /// Adds the sums of the losses since the last time, and resets those on the device.
  func takeLosses() throws {
    let steps = stepsToSum
    let sums = trainer.replicas.means(of: try trainer.takeLosses())
    if isWriter {
      try saving { try events.write(losses: trainer.lossNames, sums: sums, over: steps, step: state.step) }
    }
    state.lossSums = state.lossSums.isEmpty ? sums : zip(state.lossSums, sums).map(+)
    state.summedSteps = stepInEpoch
    try requireFinite(state.lossSums)
    if steps > 0 { try watchDiscriminator(sums.map { $0 / Double(steps) }, steps: steps) }
  }

  /// Steps of the current epoch whose losses are still on the device. In files that do not record it, all were taken at
  /// each interval's end.
  var stepsToSum: Int {
    stepInEpoch - (state.summedSteps ?? stepInEpoch / Self.lossInterval * Self.lossInterval)
  }

  /// Ends the run where the discriminator overpowers the generator. At fixed steps, as the sums, so that a run that was
  /// resumed ends where one without a stop does.
  private func watchDiscriminator(_ means: [Double], steps: Int) throws {
    var watch = state.watch ?? DiscriminatorWatch()
    watch.observe(Dictionary(uniqueKeysWithValues: zip(trainer.lossNames, means)), steps: steps)
    state.watch = watch
    guard watch.dominatedSteps >= DiscriminatorWatch.stepLimit, configuration.noGuard != true else { return }
    throw RunError.discriminatorOverpowers(
      step: state.step, steps: watch.dominatedSteps, run: directory.url.path, checkpoint: existing(directory.best))
  }

  /// Steps until the run's end.
  private var stepsLeft: Int {
    let all = (configuration.epochs - state.epoch) * stepsInEpoch - stepInEpoch
    return configuration.steps.map { min(all, $0 - state.step) } ?? all
  }

  /// Reports the progress and, once, the duration.
  func report(_ meter: inout ThroughputMeter) throws {
    let sums = state.lossSums(with: trainer.replicas.means(of: try trainer.losses()))
    try requireFinite(sums)
    let batchSize = Double(configuration.options.batchSize)
    let steps = state.step - meter.step
    let (seconds, waited) = meter.lap(step: state.step, secondsWaited: ranks.secondsWaited)
    let imagesPerSecond = seconds > 0 ? Double(steps) * batchSize / seconds : 0
    onProgress?(
      TrainingProgress(
        epoch: state.epoch + 1, epochs: configuration.epochs, step: stepInEpoch, stepsInEpoch: stepsInEpoch,
        losses: means(of: sums), imagesPerSecond: imagesPerSecond,
        secondsLeft: Double(stepsLeft) * batchSize / max(imagesPerSecond, 1e-9),
        waiting: ranks.rankCount > 1 ? waited / max(seconds, 1e-9) : nil))
    if let stepsPerSecond = speed.add(steps: steps, seconds: seconds, endsEpoch: !hasBatches) {
      // Each of the epochs left ends with a validation, the one that a limit of the steps cuts short as well.
      let validations = ceilDivide(stepInEpoch + stepsLeft, stepsInEpoch)
      onEstimate?(
        DurationEstimate(
          of: configuration, stepsPerSecond: stepsPerSecond, stepsLeft: stepsLeft,
          validationImagesLeft: validations * split.validation.count, trainingCount: split.training.count,
          isResumed: isResumed))
    }
  }

  /// Means over the epoch's steps so far.
  func means(of sums: [Double]) -> [(name: String, value: Double)] {
    zip(trainer.lossNames, sums).map { ($0, $1 / Double(max(stepInEpoch, 1))) }
  }

  /// Throws `RunError.diverged` where a value is NaN or infinite.
  func requireFinite(_ values: [Double]) throws {
    guard values.allSatisfy(\.isFinite) else { throw diverged }
  }

  var diverged: RunError {
    .diverged(
      step: state.step, learningRate: configuration.options.learningRate, try: smallerLearningRate,
      lastCheckpoint: existing(directory.last))
  }

  /// Reports, once, that the training diverges.
  func watchDivergence() {
    let errors = table.last(Divergence.epochCount, of: .mse)
    let isLarge = configuration.options.learningRate > Divergence.largeRate * studyLearningRate
    guard isLarge || Divergence.epochCount * stepsInEpoch >= Divergence.leastSteps else { return }
    guard !hasReportedDivergence, let error = errors.last,
      Divergence.isShown(by: errors, grayError: grayValidationError)
    else { return }
    hasReportedDivergence = true
    onDivergence?(
      Divergence(
        epoch: state.epoch, error: error, grayError: grayValidationError,
        learningRate: configuration.options.learningRate, smallerLearningRate: smallerLearningRate))
  }

  /// A learning rate to try where the run's was too large.
  private var smallerLearningRate: Float {
    min(configuration.options.learningRate / 10, studyLearningRate)
  }

  private var studyLearningRate: Float { TrainingOptions(recipeFor: configuration.model.kind).learningRate }

  /// The path of a file that exists; nil where it does not.
  private func existing(_ file: URL) -> String? {
    Folder.holdsName(file.path) ? file.path : nil
  }
}
