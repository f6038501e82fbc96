/// The time that the rest of a training run takes, by the speed of its first steps. `description` is one line.
public struct DurationEstimate: Equatable, Sendable {
  public let seconds: Double
  /// While training, without validation.
  public let imagesPerSecond: Double
  /// The work: `20 epochs`.
  let work: String
  let device: String
  /// Ways to shorten the run, in words with the options' names.
  let remedies: [String]

  /// Seconds above which `warning` has a text.
  static let long: Double = 2 * 3600

  /// A validation image costs as much as this share of a training image: one pass through the network instead of three,
  /// which are the forward pass and the gradients of the inputs and of the weights.
  static let validationCost = 1.0 / 3

  /// - Parameters:
  ///   - stepsPerSecond: above 0.
  ///   - stepsLeft: steps until the run's end.
  ///   - validationImagesLeft: images to validate until the run's end, counted once for each validation.
  ///   - trainingCount: images of an epoch.
  ///   - isResumed: whether the run was started earlier.
  init(
    of configuration: RunConfiguration, stepsPerSecond: Double, stepsLeft: Int, validationImagesLeft: Int,
    trainingCount: Int, isResumed: Bool
  ) {
    imagesPerSecond = stepsPerSecond * Double(configuration.options.batchSize)
    seconds =
      Double(stepsLeft) / stepsPerSecond + Double(validationImagesLeft) * Self.validationCost / imagesPerSecond
    device = configuration.device
    let limit = configuration.stepLimit(trainingCount: trainingCount)
    let whole = Self.counted(limit ?? configuration.epochs, limit == nil ? "epoch" : "step")
    work = isResumed ? "the rest of \(whole)" : whole
    remedies =
      isResumed
      ? ["fewer \(limit == nil ? "epochs" : "steps") in its config.json"]
      : configuration.remedies(isLimitedBySteps: limit != nil, trainingCount: trainingCount)
  }

  /// A line for a run of more than two hours: the ways to shorten it; nil for a shorter run.
  public var warning: String? {
    guard seconds > Self.long, let last = remedies.last else { return nil }
    let list = remedies.count == 1 ? last : remedies.dropLast().joined(separator: ", ") + " or " + last
    return "that is more than two hours; shorter with \(list)"
  }

  private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

extension DurationEstimate: CustomStringConvertible {
  public var description: String {
    "about \(Self.text(seconds: seconds)) for \(work) on \(device) (\(Self.rate(imagesPerSecond)) images/s)"
  }

  /// Returns a duration with no more digits than an estimate has: `35 s`, `12 min`, `1 h 25 min`, `14 h`, `3 days`.
  static func text(seconds: Double) -> String {
    func rounded(_ value: Double, to unit: Int) -> Int { Int((value / Double(unit)).rounded()) * unit }
    let seconds = min(seconds, 1e12)
    let minutes = seconds / 60
    if rounded(seconds, to: 5) < 60 { return "\(max(rounded(seconds, to: 5), 5)) s" }
    if rounded(minutes, to: 1) < 30 { return "\(rounded(minutes, to: 1)) min" }
    let roundedMinutes = rounded(minutes, to: 5)
    if roundedMinutes < 60 { return "\(roundedMinutes) min" }
    if roundedMinutes < 600 {
      return "\(roundedMinutes / 60) h" + (roundedMinutes % 60 == 0 ? "" : " \(roundedMinutes % 60) min")
    }
    let hours = rounded(minutes / 60, to: 1)
    return hours < 72 ? "\(hours) h" : "\(rounded(minutes / 60 / 24, to: 1)) days"
  }

  private static func rate(_ imagesPerSecond: Double) -> String {
    imagesPerSecond < 10
      ? "\((imagesPerSecond * 10).rounded() / 10)" : "\(Int(min(imagesPerSecond, 1e12).rounded()))"
  }
}

extension RunConfiguration {
  /// The number of steps that ends the run before its epochs are done; nil where there is none.
  /// - Parameter trainingCount: images of an epoch.
  fileprivate func stepLimit(trainingCount: Int) -> Int? {
    steps.flatMap { $0 < epochs * (trainingCount / options.batchSize) ? $0 : nil }
  }

  /// The options that would shorten a new run.
  fileprivate func remedies(isLimitedBySteps: Bool, trainingCount: Int) -> [String] {
    let quick = Recipe.quick.settings(for: model.kind)
    // Initial weights decide the width.
    let isWide = model.width > quick.width && initialWeights == nil
    var remedies: [String] = []
    if isWide { remedies.append("a smaller --width") }
    if imageWidth > quick.imageSize { remedies.append("a smaller --size") }
    if isLimitedBySteps {
      remedies.append("fewer --steps")
    } else {
      if epochs > 1 { remedies.append("fewer --epochs") }
      if trainingCount > options.batchSize { remedies.append("fewer --train-images") }
    }
    if isWide || !isLimitedBySteps && epochs > quick.epochs { remedies.append("--recipe quick") }
    return remedies
  }
}
