import Data
import FoundationEssentials
import Models

/// The photographs of an evaluation.
struct EvaluationData {
  private let source: DataSource
  private let split: Evaluate.Split
  private let images: Int?
  private let toned: TonedImages?

  /// - Parameter toned: Whether gray and toned images of a folder are left out; nil where it is not given.
  init(_ source: DataSource, _ split: Evaluate.Split, images: Int?, toned: TonedImages?) {
    self.source = source
    self.split = split
    self.images = images
    self.toned = toned
  }

  /// Reads them. Writes a remark where some of them may have been trained on.
  /// - Parameters:
  ///   - weights: The weights of all models that are measured; at least one.
  ///   - size: Width and height to which they are resized; nil for the size that the first weights were trained on.
  /// - Throws: `DataError`, `RunError`.
  func load(for weights: [Checkpoint], size: Int? = nil) throws -> ImageDataset {
    let (dataset, indices) = try part(
      size: size ?? weights.first?.imageSize?.width ?? CIFAR10.imageSize, for: weights)
    try dataset.requireSize(size)
    if let images, images > indices.count {
      throw DataError.imageCount("--images \(images): the \(split.rawValue) split holds \(indices.count)")
    }
    guard !indices.isEmpty else {
      throw DataError.imageCount("--split \(split.rawValue): holds no images of \(dataset.source)")
    }
    if indices.count == dataset.count, images == nil { return dataset }
    return dataset.subset(indices.prefix(images ?? indices.count))
  }

  /// Returns a data set, and the indices of the split's images in it, in ascending order.
  private func part(size: Int, for weights: [Checkpoint]) throws -> (ImageDataset, [UInt32]) {
    if split != .test, let weights = weights.first {
      let run = weights.runConfiguration
      let dataset = try source.load(.training, size: size, toned: try toned(ofRun: run), ofRun: run)
      let parts = try Self.split(of: weights, dataset)
      return (dataset, split == .train ? parts.training : parts.validation)
    }
    if !source.hasTestPart, let folder = try source.imageFolder(.test) {
      let unseen = try UnseenImages(in: folder, size: size, toned: toned, for: weights)
      return (unseen.dataset, unseen.indices)
    }
    if let parts = source.parts(), parts.test == nil, let validation = parts.validation {
      noteValidationImages(validation, weights)
    }
    let dataset = try source.load(.test, size: size, toned: toned ?? .drop)
    return (dataset, Array(0..<UInt32(dataset.count)))
  }

  /// Returns whether toned images are left out of a split of a run's images: as in that run.
  /// - Throws: `RunError` where the option contradicts the run.
  private func toned(ofRun run: RunConfiguration?) throws(RunError) -> TonedImages {
    guard let run else { return toned ?? .drop }
    if let toned, toned != run.usedToned {
      throw .invalidOption(
        "--toned \(toned.rawValue): the \(split.rawValue) split is of the run's images, of which it had --toned "
          + run.usedToned.rawValue)
    }
    return run.usedToned
  }

  /// Writes that the images of a folder of validation images are measured on. A run that does not record its folders
  /// was trained on some of them.
  private func noteValidationImages(_ name: String, _ weights: [Checkpoint]) {
    let unaware = weights.first {
      $0.runConfiguration.map { $0.data == source.description && $0.folders == nil } ?? false
    }
    let line = "\(source) has no folder test; measuring on \(name)"
    if let unaware {
      Console.warning("\(line), on some of which \(unaware.name) was trained")
    } else {
      Console.note(line)
    }
  }

  /// Returns the training and validation images of the run that the weights are in, or of a run with their seed and no
  /// other options.
  private static func split(of weights: Checkpoint, _ dataset: ImageDataset) throws(DataError) -> TrainingSplit {
    if let run = weights.runConfiguration { return try run.split(of: dataset) }
    let count = dataset.count
    if let heldOutCount = dataset.heldOutCount {
      // All of them: nothing is drawn.
      return try TrainingSplit(count: count, heldOutCount: heldOutCount, seed: 0)
    }
    let recipe = weights.recipe ?? TrainingOptions(recipeFor: weights.configuration.kind)
    Console.warning(
      "\(weights.name) is in no run; splitting by seed \(recipe.seed), as a run without --train-images and "
        + "--validation-images does")
    return try TrainingSplit(count: count, seed: recipe.seed)
  }
}

extension Checkpoint {
  /// The configuration of the run that the weights are in; nil where they are in none.
  var runConfiguration: RunConfiguration? { run.flatMap { try? $0.readConfiguration() } }
}
