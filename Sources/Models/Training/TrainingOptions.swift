/// What a trainer needs to know beyond the model.
public struct TrainingOptions: Codable, Hashable, Sendable {
  public var batchSize: Int
  public var learningRate: Float
  /// The learning rate is multiplied by this after every epoch.
  public var learningRateDecay: Float
  /// λ, the weight of the L1 term in the generator's loss; only the GAN has one.
  public var l1Weight: Float
  public var seed: UInt64

  /// The study's recipe for a model.
  public init(recipeFor kind: ModelKind) {
    batchSize = 64
    learningRate = kind == .unet ? 1e-3 : 2e-4
    learningRateDecay = kind == .unet ? 0.9 : 1
    l1Weight = 100
    seed = 1
  }
}
