import Models

/// An estimate of a run's duration as lines of text.
struct DurationText {
  let estimate: DurationEstimate

  /// Seconds above which a run is long.
  private static let long: Double = 2 * 3600

  /// The duration: `about 1 h 25 min for 20 epochs on cpu (184 images/s)`.
  var description: String {
    "about \(Format.roughDuration(seconds: estimate.seconds)) for \(estimate.isResumed ? "the rest of " : "")\(length) "
      + "on \(estimate.device) (\(Format.rate(estimate.imagesPerSecond)) images/s)"
  }

  /// The ways to shorten a run of more than two hours; nil for a shorter run.
  var warning: String? {
    guard estimate.seconds > Self.long, !estimate.remedies.isEmpty else { return nil }
    return "that is more than two hours; shorter with \(Format.list(estimate.remedies.map(text), "or"))"
  }

  private var length: String {
    switch estimate.length {
    case .epochs(let count): Format.counted(count, "epoch")
    case .steps(let count): Format.counted(count, "step")
    }
  }

  private func text(_ remedy: DurationEstimate.Remedy) -> String {
    switch remedy {
    case .smallerWidth: "a smaller --width"
    case .smallerSize: "a smaller --size"
    case .fewerSteps: "fewer --steps"
    case .fewerEpochs: "fewer --epochs"
    case .fewerTrainingImages: "fewer --train-images"
    case .quickRecipe: "--recipe quick"
    }
  }
}
