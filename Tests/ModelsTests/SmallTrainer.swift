import Data
import Models
import Runtime

/// A trainer of width 4 on 32 scenes in batches of 8, without a folder.
enum SmallTrainer {
  static func make(_ kind: ModelKind, on backend: any Backend) throws -> Trainer {
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 8
    return try make(kind, options: options, on: backend)
  }

  /// - Parameters:
  ///   - options: with batches of 8, or a divisor of 8.
  ///   - replicas: those that share a batch.
  ///   - rarity: the weights of colors, for options with rebalancing.
  static func make(
    _ kind: ModelKind, options: TrainingOptions, replicas: Replicas = .one, colorSpace: ColorSpace = .rgb,
    rarity: ColorRarity? = nil,
    on backend: any Backend
  ) throws -> Trainer {
    let count = 32
    let images = try DeviceImages(
      SmallRun.dataset(count: count), residency: .all, batchSize: options.batchSize, on: backend)
    let plan = StepPlan(
      try ModelConfiguration(kind: kind, width: 4, colorSpace: colorSpace), options: options, replicas: replicas,
      images: images, trainingCount: count, validationCount: count, rarity: rarity)
    let trainer = try Trainer(plan, on: backend)
    for batches in [trainer.batches, trainer.predictor.batches] {
      try batches.set(Array(0..<UInt32(count)), on: backend)
    }
    return trainer
  }
}
