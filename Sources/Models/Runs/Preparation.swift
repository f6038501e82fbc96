import Data
import Runtime

/// What a run needs before its folder is touched: its options checked, its data on the device, its step planned.
struct Preparation {
  var configuration: RunConfiguration
  let dataset: ImageDataset
  let split: TrainingSplit
  let trainer: Trainer

  /// Most epochs or steps; products of them with the images must not overflow.
  private static let largestCount = 1_000_000_000

  /// Rows of an epoch's sample sheet.
  static let sampleCount = 8

  /// - Throws: `ModelError`, `DataError`, `RunError`, `BackendError`.
  init(
    _ configuration: RunConfiguration, dataset: ImageDataset, residency: ImageResidency, on backend: any Backend
  ) throws {
    let options = configuration.options
    try configuration.model.validate(height: dataset.height, width: dataset.width)
    guard dataset.height == configuration.imageHeight, dataset.width == configuration.imageWidth else {
      throw RunError.invalidOption(
        "\(dataset.source): images of \(dataset.width)×\(dataset.height), "
          + "but the run is for \(configuration.imageWidth)×\(configuration.imageHeight)")
    }
    guard options.batchSize > 0, (1...Self.largestCount).contains(configuration.epochs),
      (1...Self.largestCount).contains(configuration.steps ?? 1)
    else {
      throw RunError.invalidOption("batch size, epochs and steps must be at least 1, and at most \(Self.largestCount)")
    }
    guard options.batchSize > 1 || dataset.height > 16 || dataset.width > 16 else {
      throw RunError.invalidOption(
        "--batch-size 1: one image of \(dataset.width)×\(dataset.height) leaves batch normalization a single value")
    }
    guard options.learningRate > 0, options.learningRate.isFinite, options.l1Weight >= 0, options.l1Weight.isFinite
    else { throw RunError.invalidOption("the learning rate must be above 0, and the L1 weight not below 0") }
    let discriminatorRate = options.discriminatorLearningRate ?? options.learningRate
    guard discriminatorRate > 0, discriminatorRate.isFinite, options.averageDecay >= 0, options.averageDecay < 1 else {
      throw RunError.invalidOption("the discriminator's learning rate must be above 0, the average's decay in 0..<1")
    }
    let split = try TrainingSplit(
      count: dataset.count, trainingCount: configuration.trainImages, validationCount: configuration.validationImages,
      seed: options.seed)
    guard split.training.count >= options.batchSize else {
      throw RunError.invalidOption(
        "--batch-size \(options.batchSize): there are only \(split.training.count) photographs to train on")
    }
    if case .window(let count) = residency, count < 2 * options.batchSize {
      throw RunError.invalidOption(
        "--device-images \(count): two batches, \(2 * options.batchSize) images, are the least that work can go on with"
      )
    }
    // Without validation photographs the sheets still show something: the first of the training ones.
    let shown = split.validation.isEmpty ? Array(split.training.prefix(Self.sampleCount)) : split.validation
    let fingerprint = try DataFingerprint(of: dataset)
    if let expected = configuration.dataFingerprint, expected != fingerprint {
      throw RunError.invalidOption(
        "\(dataset.source): not the photographs that the run was started with, which were \(expected.imageCount)"
          + " with SHA-256 \(expected.sha256)")
    }
    self.configuration = configuration.with(fingerprint)
    self.dataset = dataset
    self.split = split
    trainer = try Self.trainer(
      configuration, dataset, residency, trainingCount: split.training.count, shown: shown, on: backend)
  }

  /// Brings the photographs to the device and plans the step, or says what there is room for.
  private static func trainer(
    _ configuration: RunConfiguration, _ dataset: ImageDataset, _ residency: ImageResidency, trainingCount: Int,
    shown: [UInt32],
    on backend: any Backend
  ) throws -> Trainer {
    do {
      return try allocatedTrainer(
        configuration, dataset, residency, trainingCount: trainingCount, shown: shown, on: backend)
    } catch BackendError.outOfMemory {
      let memory = TrainingMemory(
        configuration, dataset, residency, trainingCount: trainingCount, validationCount: shown.count, on: backend)
      throw RunError.outOfMemory(try memory.shortage())
    }
  }

  private static func allocatedTrainer(
    _ configuration: RunConfiguration, _ dataset: ImageDataset, _ residency: ImageResidency, trainingCount: Int,
    shown: [UInt32],
    on backend: any Backend
  ) throws(BackendError) -> Trainer {
    let batchSize = configuration.options.batchSize
    let images = try DeviceImages(dataset, residency: residency, batchSize: batchSize, on: backend)
    let order = try ImageOrder(capacity: trainingCount, of: images, on: backend)
    let batches = (shown.count + batchSize - 1) / batchSize
    let validationOrder = try ImageOrder(capacity: batches * batchSize, of: images, on: backend)
    try validationOrder.set(shown)
    return try Trainer(
      configuration.model, options: configuration.options, images: images, order: order,
      validationOrder: validationOrder, on: backend)
  }
}
