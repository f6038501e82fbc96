/// The options of training a model.
public struct TrainingOptions: Codable, Hashable, Sendable {
  public var batchSize: Int
  public var learningRate: Float
  /// The learning rates are multiplied by this after every epoch.
  public var learningRateDecay: Float
  /// The discriminator's learning rate (Heusel et al. 2017: two time scales); nil for the generator's.
  public var discriminatorLearningRate: Float?
  /// The error of colors that the autoencoder minimizes. The GAN's is always the L1 term.
  public var loss: ColorLoss
  /// λ, the weight of the L1 term in the generator's loss; only the GAN has one.
  public var l1Weight: Float
  /// Whether images are flipped horizontally with probability 1/2, drawn by seed anew in each epoch.
  public var horizontalFlips: Bool
  /// Decay of the exponential moving average of the generator's weights at each step (Karras et al. 2018), which then
  /// colors and is saved; 0 for the weights themselves.
  public var averageDecay: Float
  /// Whether the discriminator's weights are divided by their spectral norms (Miyato et al. 2018); only the GAN has
  /// one.
  public var spectralNorm: Bool
  /// The strength of class rebalancing, 0...1: the exponent of the weights by which the color loss multiplies each
  /// pixel's errors, larger for rare colors (`ColorRarity`). 1 is Zhang, Isola and Efros 2016, equation 4; 0 is none.
  /// Only networks in CIELAB have it.
  public var rebalancing: Float
  public var seed: UInt64

  private enum CodingKeys: CodingKey {
    case batchSize, learningRate, learningRateDecay, discriminatorLearningRate, loss, l1Weight, horizontalFlips
    case averageDecay, spectralNorm, rebalancing, seed
  }

  /// The study's recipe for a kind of model.
  public init(recipeFor kind: ModelKind) {
    batchSize = 64
    (learningRate, learningRateDecay) = kind.trainingStep.studyLearningRate
    loss = .study
    l1Weight = 100
    horizontalFlips = false
    averageDecay = 0
    spectralNorm = false
    rebalancing = 0
    seed = 1
  }

  /// Decodes options; those that older files lack are the study's.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    batchSize = try container.decode(Int.self, forKey: .batchSize)
    learningRate = try container.decode(Float.self, forKey: .learningRate)
    learningRateDecay = try container.decode(Float.self, forKey: .learningRateDecay)
    discriminatorLearningRate = try container.decodeIfPresent(Float.self, forKey: .discriminatorLearningRate)
    loss = try container.decodeIfPresent(ColorLoss.self, forKey: .loss) ?? .study
    l1Weight = try container.decode(Float.self, forKey: .l1Weight)
    horizontalFlips = try container.decodeIfPresent(Bool.self, forKey: .horizontalFlips) ?? false
    averageDecay = try container.decodeIfPresent(Float.self, forKey: .averageDecay) ?? 0
    spectralNorm = try container.decodeIfPresent(Bool.self, forKey: .spectralNorm) ?? false
    rebalancing = try container.decodeIfPresent(Float.self, forKey: .rebalancing) ?? 0
    seed = try container.decode(UInt64.self, forKey: .seed)
  }

  /// Encodes the options, without the loss where it is the study's: only the autoencoder has a choice of it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(batchSize, forKey: .batchSize)
    try container.encode(learningRate, forKey: .learningRate)
    try container.encode(learningRateDecay, forKey: .learningRateDecay)
    try container.encodeIfPresent(discriminatorLearningRate, forKey: .discriminatorLearningRate)
    if loss != .study { try container.encode(loss, forKey: .loss) }
    try container.encode(l1Weight, forKey: .l1Weight)
    try container.encode(horizontalFlips, forKey: .horizontalFlips)
    try container.encode(averageDecay, forKey: .averageDecay)
    try container.encode(spectralNorm, forKey: .spectralNorm)
    try container.encode(rebalancing, forKey: .rebalancing)
    try container.encode(seed, forKey: .seed)
  }
}
