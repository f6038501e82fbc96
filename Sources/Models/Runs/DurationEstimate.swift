/// The time that the rest of a training run takes, by the speed of its first steps.
public struct DurationEstimate: Equatable, Sendable {
  /// The end of a run.
  public enum Length: Equatable, Sendable {
    case epochs(Int)
    /// A number of steps that ends the run before its epochs are done.
    case steps(Int)
  }

  /// A way to shorten a run.
  public enum Remedy: Equatable, Sendable {
    case smallerWidth, smallerSize, fewerSteps, fewerEpochs, fewerTrainingImages, quickRecipe
  }

  public let seconds: Double
  /// While training, without validation.
  public let imagesPerSecond: Double
  /// The length of the whole run.
  public let length: Length
  /// Whether the run was started earlier, so that the estimate is of its rest.
  public let isResumed: Bool
  public let device: String
  /// The ways to shorten the run, in the order of the options. Only its length in the case of a resumed run.
  public let remedies: [Remedy]

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
    self.isResumed = isResumed
    let limit = configuration.stepLimit(trainingCount: trainingCount)
    length = limit.map(Length.steps) ?? .epochs(configuration.epochs)
    let isLimitedBySteps = limit != nil
    remedies =
      isResumed
      ? [isLimitedBySteps ? .fewerSteps : .fewerEpochs]
      : configuration.remedies(isLimitedBySteps: isLimitedBySteps, trainingCount: trainingCount)
  }
}

extension RunConfiguration {
  /// The number of steps that ends the run before its epochs are done; nil where there is none.
  /// - Parameter trainingCount: images of an epoch.
  fileprivate func stepLimit(trainingCount: Int) -> Int? {
    steps.flatMap { $0 < epochs * (trainingCount / options.batchSize) ? $0 : nil }
  }

  /// The ways to shorten a new run.
  fileprivate func remedies(isLimitedBySteps: Bool, trainingCount: Int) -> [DurationEstimate.Remedy] {
    let quick = Recipe.quick.settings(for: model.kind)
    // Initial weights decide the width.
    let isWide = model.width > quick.width && initialWeights == nil
    var remedies: [DurationEstimate.Remedy] = []
    if isWide { remedies.append(.smallerWidth) }
    if imageWidth > quick.imageSize { remedies.append(.smallerSize) }
    if isLimitedBySteps {
      remedies.append(.fewerSteps)
    } else {
      if epochs > 1 { remedies.append(.fewerEpochs) }
      if trainingCount > options.batchSize { remedies.append(.fewerTrainingImages) }
    }
    if isWide || !isLimitedBySteps && epochs > quick.epochs { remedies.append(.quickRecipe) }
    return remedies
  }
}
