import Data
import MessagePassing
import Runtime

/// The validated inputs of a run, before its folder is touched: its options checked, its data on the device, its step
/// planned.
struct Preparation {
  var configuration: RunConfiguration
  let dataset: ImageDataset
  let split: TrainingSplit
  let trainer: Trainer

  /// Rows of an epoch's sample sheet.
  static let sampleCount = 8

  /// - Parameter weights: the weights that the run starts from, and their name; nil for those of the seed.
  /// - Parameter ranks: the processes that train together.
  /// - Throws: `ModelError`, `DataError`, `RunError`, `BackendError`; what reading the weights throws.
  init(
    _ configuration: RunConfiguration, startingFrom weights: (name: String, checkpoint: Checkpoint)? = nil,
    dataset: ImageDataset, residency: ImageResidency, ranks: Communicator, on backend: any Backend
  ) throws {
    try configuration.validate(for: dataset)
    let batchSize = configuration.options.batchSize
    let replicas = try Replicas(
      configuration.usedReplicas, over: ranks, batchSize: batchSize,
      synchronizingBatchNorm: configuration.usesSyncBatchNorm)
    var configuration = configuration
    if let weights { try configuration.setInitialWeights(weights.checkpoint, named: weights.name) }
    let split = try configuration.split(of: dataset)
    guard split.training.count >= batchSize else {
      throw RunError.invalidOption(
        "--batch-size \(batchSize): there are only \(split.training.count) photographs to train on; use --batch-size "
          + "\(split.training.count) or less, or more photographs")
    }
    if split.validation.isEmpty, let measure = configuration.bestBy, measure != .mse {
      throw RunError.invalidOption("--best-by \(measure.rawValue): there are no validation images to measure")
    }
    let localBatchSize = batchSize / ranks.rankCount
    if case .window(let count) = residency, count < 2 * localBatchSize {
      throw RunError.invalidOption(
        "--device-images \(count): two batches, \(2 * localBatchSize) images, are the least that work can go on with")
    }
    let fingerprint = try DataFingerprint(of: dataset)
    if let expected = configuration.dataFingerprint, expected != fingerprint {
      throw RunError.invalidOption(
        "\(dataset.source): not the photographs that the run was started with, which were \(expected.imageCount)"
          + " with SHA-256 \(expected.sha256)")
    }
    // Without validation images the sheets show the first of the training ones.
    let shown = split.validation.isEmpty ? Array(split.training.prefix(Self.sampleCount)) : split.validation
    let trainer = try Self.trainer(
      of: configuration, dataset, residency, split, shown: shown, replicas, on: backend)
    self.configuration = configuration
    self.dataset = dataset
    self.split = split
    self.trainer = trainer
    if let weights { try trainer.load(weights.checkpoint) }
    self.configuration.dataFingerprint = fingerprint
    self.configuration.cpuProducts = backend.products
    self.configuration.tuning = backend.tuning
  }

  /// Plans the step, and puts all that it needs on the device.
  /// - Parameter shown: numbers of the images to predict.
  private static func trainer(
    of configuration: RunConfiguration, _ dataset: ImageDataset, _ residency: ImageResidency, _ split: TrainingSplit,
    shown: [UInt32], _ replicas: Replicas, on backend: any Backend
  ) throws -> Trainer {
    let rebalancing = configuration.options.rebalancing
    let rarity = rebalancing > 0 ? ColorRarity(of: dataset, split.training, strength: rebalancing) : nil
    do throws(BackendError) {
      let images = try DeviceImages(
        dataset, residency: residency, batchSize: configuration.options.batchSize / replicas.ranks.rankCount,
        on: backend)
      let plan = StepPlan(
        configuration.model, options: configuration.options, replicas: replicas, images: images,
        trainingCount: split.training.count, validationCount: shown.count, rarity: rarity)
      let trainer = try Trainer(plan, on: backend)
      try trainer.predictor.batches.set(shown, on: backend)
      return trainer
    } catch  where error.isOutOfMemory {
      throw RunError.outOfMemory(
        try MemoryShortage(
          of: configuration, dataset, residency, trainingCount: split.training.count, validationCount: shown.count,
          replicas: replicas, rarity: rarity, on: backend))
    }
  }
}
