import Models

/// The display of a training run: its steps as progress, its epochs as results.
final class TrainingDisplay {
  private let run: TrainingRun
  private let progress = ProgressDisplay()
  /// The step of the last save within an epoch.
  private var savedStep: Int?
  /// Whether the run had come to its end before.
  private let wasFinished: Bool
  /// An error of standard output. Training continues, and the error is reported at its end.
  private var outputError: OutputError?

  /// Writes a description of the run, and observes it.
  init(_ run: TrainingRun) {
    self.run = run
    wasFinished = run.isFinished
    let configuration = run.configuration
    Console.note(
      "\(configuration.model.kind.rawValue), width \(configuration.model.width), on \(configuration.data) "
        + "(\(configuration.device)): \(Format.counted(run.stepsInEpoch, "step")) of "
        + "\(Format.counted(configuration.options.batchSize, "photograph")) an epoch")
    if run.isFinished {
      Console.note(Self.end(of: run))
    } else if run.stepsDone > 0 {
      Console.note(
        "going on after step \(Format.count(run.stepsDone)); "
          + "\(run.epochsDone) of \(Format.counted(configuration.epochs, "epoch")) done")
    }
    if run.hasOtherTuning {
      let difference =
        configuration.cpuProducts == nil ? "the device was tuned otherwise" : "convolutions multiplied otherwise"
      Console.warning("\(difference) when the run was trained last; going on may differ by rounding")
    }
    run.onProgress = { [unowned self] in
      // The report at an epoch's end may include no further step, and so no speed.
      if $0.imagesPerSecond > 0 { progress.update(line($0)) }
    }
    run.onEstimate = { [unowned self] in show($0) }
    run.onSave = { [unowned self] in savedStep = $0 }
    run.onEpoch = { [unowned self] in show($0) }
    run.onDivergence = { Console.warning(Self.line($0)) }
  }

  func clear() { progress.clear() }

  /// Writes where the results are.
  func finish() throws(OutputError) {
    if let outputError { throw outputError }
    if !wasFinished, run.isOutOfPatience, run.epochsDone < run.configuration.epochs {
      Console.note(Self.end(of: run))
    }
    let path = Format.shellWord(run.directory.url.path)
    try Console.output(
      line: "finished; measure it with: recolor evaluate \(path) --data \(Format.shellWord(run.configuration.data))")
  }

  /// Seconds from which a duration is worth a line.
  private static let shortestEstimate = 10.0

  private func show(_ estimate: DurationEstimate) {
    guard estimate.seconds >= Self.shortestEstimate else { return }
    progress.clear()
    let text = DurationText(estimate: estimate)
    Console.note(text.description)
    if let warning = text.warning { Console.warning(warning) }
  }

  private func show(_ epoch: EpochResult) {
    progress.clear()
    guard outputError == nil else { return }
    do throws(OutputError) { try Console.output(Self.line(epoch)) } catch { outputError = error }
  }

  private func line(_ progress: TrainingProgress) -> String {
    let parts = [
      // The losses are last, because a narrow terminal has no room for the end.
      "epoch \(progress.epoch)/\(progress.epochs)", "step \(progress.step)/\(progress.stepsInEpoch)",
      "\(Format.duration(seconds: progress.secondsLeft)) left", "\(Format.rate(progress.imagesPerSecond)) images/s",
      Self.waiting(progress.waiting),
      Self.losses(progress.losses), savedStep.map { "saved at step \($0)" } ?? "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "  ")
  }

  private static func line(_ epoch: EpochResult) -> String {
    var line = "epoch \(epoch.epoch)/\(epoch.epochs)  \(losses(epoch.losses))"
    if let metrics = epoch.validation {
      line +=
        "  validation: mse \(Format.significant(metrics[.mse], 3)), psnr \(Format.fixed(metrics[.psnr], 2)) dB, "
        + "colorfulness \(Format.fixed(metrics[.colorfulness], 1))"
    }
    let waiting = Self.waiting(epoch.waiting)
    return line + "  \(Format.rate(epoch.imagesPerSecond)) images/s" + (waiting.isEmpty ? "" : "  \(waiting)")
      + "  \(Format.duration(seconds: epoch.seconds))"
  }

  /// Returns why a run has ended, and what trains it for longer.
  private static func end(of run: TrainingRun) -> String {
    let epochs = Format.counted(run.epochsDone, "epoch")
    if run.epochsDone >= run.configuration.epochs {
      return "the run has done its \(epochs); --epochs trains it for longer"
    }
    if run.isAtStepLimit {
      return "the run has done its \(Format.counted(run.stepsDone, "step")); --steps trains it for longer"
    }
    return "the run has ended after \(epochs): the best weights are of epoch \(run.bestEpoch ?? 0), and --patience "
      + "\(run.configuration.patience ?? 0) asks for better ones; a larger one trains it for longer"
  }

  private static func line(_ divergence: Divergence) -> String {
    "the training diverges: for \(Divergence.epochCount) epochs the validation mse, now "
      + "\(Format.significant(divergence.error, 3)), has been far above the gray copy's, "
      + "\(Format.significant(divergence.grayError, 3)), and has not fallen; start anew with a --learning-rate smaller "
      + "than \(Format.significant(Double(divergence.learningRate), 3)), such as "
      + Format.significant(Double(divergence.smallerLearningRate), 3)
  }

  /// Returns the share of waiting for messages; empty where there is one rank.
  private static func waiting(_ share: Double?) -> String {
    share.map { "\(Format.fixed(100 * $0, 0)) % waiting" } ?? ""
  }

  private static func losses(_ losses: [(name: String, value: Double)]) -> String {
    losses.map { "\($0.name) \(Format.significant($0.value, 3))" }.joined(separator: "  ")
  }
}
