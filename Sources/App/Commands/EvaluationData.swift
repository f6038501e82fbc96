import Data
import Models

/// The photographs that an evaluation is on.
struct EvaluationData {
  private let source: DataSource
  private let split: Evaluate.Split
  private let images: Int?

  init(_ source: DataSource, _ split: Evaluate.Split, images: Int?) {
    self.source = source
    self.split = split
    self.images = images
  }

  /// Reads them in the size that the weights were trained on.
  /// - Throws: `DataError`, `RunError`.
  func load(for weights: Checkpoint) throws -> ImageDataset {
    let size = weights.imageSize?.width ?? CIFAR10.imageSize
    let dataset = try source.load(split == .test ? .test : .training, size: size)
    var indices = Array(0..<UInt32(dataset.count))
    if split != .test {
      let parts = try Self.split(of: weights, count: dataset.count)
      indices = split == .train ? parts.training : parts.validation
    }
    if let images, images > indices.count {
      throw DataError.imageCount("--images \(images): the \(split.rawValue) split holds \(indices.count)")
    }
    guard !indices.isEmpty else { throw DataError.imageCount("--split \(split.rawValue): holds no images") }
    if split == .test, images == nil { return dataset }
    return dataset.subset(indices.prefix(images ?? indices.count))
  }

  /// The training and validation images of the run that the weights lie in, or of a run with their seed and no other
  /// options.
  private static func split(of weights: Checkpoint, count: Int) throws -> TrainingSplit {
    let folder = weights.url.deletingLastPathComponent().deletingLastPathComponent()
    if let run = try? RunDirectory(opening: folder).readConfiguration() {
      return try TrainingSplit(
        count: count, trainingCount: run.trainImages, validationCount: run.validationImages, seed: run.options.seed)
    }
    let recipe = weights.recipe ?? TrainingOptions(recipeFor: weights.configuration.kind)
    return try TrainingSplit(count: count, seed: recipe.seed)
  }
}
