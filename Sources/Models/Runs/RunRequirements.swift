/// The conditions on the values of a run's options, wherever they come from: the command line, a file of options, or a
/// `config.json` that was edited.
public enum RunRequirements {
  /// Counts of epochs and of steps, whose products with the number of images must not overflow.
  public static let count = Requirement<Int>.within(1...1_000_000_000)
  public static let keep = Requirement<Int>.within(0...1_000_000_000)
  public static let batchSize = Requirement<Int>.within(1...65_536)
  public static let replicas = Requirement<Int>.powerOfTwo(through: 32_768)
  public static let trainImages = Requirement<Int>.positive
  public static let validationImages = Requirement<Int>.notNegative
  public static let learningRate = Requirement<Float>.positive
  public static let learningRateDecay = Requirement<Float>.factor
  public static let l1Weight = Requirement<Float>.notNegative
  public static let averageDecay = Requirement<Float>.share
  public static let rebalancing = Requirement<Float>.zeroToOne
}

extension RunConfiguration {
  /// Throws `RunError.invalidOption` where an option has a value that none of its kind can have. Whether a data set
  /// suits the run is not checked.
  func validateValues() throws(RunError) {
    let failures = [
      RunRequirements.count.failure(of: epochs, option: "epochs"),
      RunRequirements.count.failure(of: steps, option: "steps"),
      RunRequirements.count.failure(of: saveEvery, option: "save-every"),
      RunRequirements.count.failure(of: patience, option: "patience"),
      RunRequirements.keep.failure(of: keep, option: "keep"),
      RunRequirements.batchSize.failure(of: options.batchSize, option: "batch-size"),
      RunRequirements.replicas.failure(of: replicas, option: "replicas"),
      RunRequirements.trainImages.failure(of: trainImages, option: "train-images"),
      RunRequirements.validationImages.failure(of: validationImages, option: "validation-images"),
      RunRequirements.learningRate.failure(of: options.learningRate, option: "learning-rate"),
      RunRequirements.learningRateDecay.failure(of: options.learningRateDecay, option: "learning-rate-decay"),
      RunRequirements.learningRate.failure(
        of: options.discriminatorLearningRate, option: "discriminator-learning-rate"),
      RunRequirements.l1Weight.failure(of: options.l1Weight, option: "l1-weight"),
      RunRequirements.averageDecay.failure(of: options.averageDecay, option: "average-decay"),
      RunRequirements.rebalancing.failure(of: options.rebalancing, option: "rebalancing"),
    ]
    if let failure = failures.lazy.compactMap(\.self).first { throw .invalidOption(failure) }
  }
}
