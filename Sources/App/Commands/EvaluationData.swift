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
    let size = size ?? weights.first?.imageSize?.width ?? CIFAR10.imageSize
    let dataset = try source.load(split == .test ? .test : .training, size: size, toned: try toned(for: weights))
    let indices = try indices(in: dataset, for: weights)
    if let images, images > indices.count {
      throw DataError.imageCount("--images \(images): the \(split.rawValue) split holds \(indices.count)")
    }
    guard !indices.isEmpty else {
      throw DataError.imageCount("--split \(split.rawValue): holds no images of \(dataset.source)")
    }
    if indices.count == dataset.count, images == nil { return dataset }
    return dataset.subset(indices.prefix(images ?? indices.count))
  }

  /// Returns whether toned images are left out: where the split depends on the images of a run, as in that run.
  /// - Throws: `RunError` where the option contradicts the run.
  private func toned(for weights: [Checkpoint]) throws(RunError) -> TonedImages {
    guard split != .test || !source.hasTestPart, let run = weights.first.flatMap(Self.run),
      split != .test || run.data == source.description
    else { return toned ?? .drop }
    let ofRun = run.toned ?? .keep
    if let toned, toned != ofRun, split != .test {
      throw .invalidOption(
        "--toned \(toned.rawValue): the \(split.rawValue) split is of the run's images, of which it had --toned "
          + ofRun.rawValue)
    }
    return toned ?? ofRun
  }

  /// Returns the indices of the split's images, in ascending order.
  private func indices(in dataset: ImageDataset, for weights: [Checkpoint]) throws -> [UInt32] {
    let all = Array(0..<UInt32(dataset.count))
    if split == .test { return source.hasTestPart ? all : try unseen(all, in: dataset, by: weights) }
    return try weights.first.map { weights in
      let parts = try Self.split(of: weights, count: dataset.count)
      return split == .train ? parts.training : parts.validation
    } ?? all
  }

  /// Returns the images of a folder without a test part that no model was trained on, as far as the weights' runs are
  /// known.
  private func unseen(_ all: [UInt32], in dataset: ImageDataset, by weights: [Checkpoint]) throws -> [UInt32] {
    let fingerprint = try DataFingerprint(of: dataset)
    var seen: Set<UInt32> = []
    for weights in weights {
      guard let run = Self.run(of: weights), run.dataFingerprint == fingerprint else {
        Console.note(
          "\(source) has no folders train and test; if \(weights.name) was trained on its images, it has seen some")
        continue
      }
      seen.formUnion(try Self.split(of: run, count: all.count).training)
    }
    if !seen.isEmpty {
      Console.note(
        "\(source) has no folders train and test; measuring on \(all.count - seen.count) of its \(all.count) images, "
          + "those that were not trained on")
    }
    return all.filter { !seen.contains($0) }
  }

  /// Returns the configuration of the run that the weights are in; nil where they are in none.
  private static func run(of weights: Checkpoint) -> RunConfiguration? {
    weights.run.flatMap { try? $0.readConfiguration() }
  }

  private static func split(of run: RunConfiguration, count: Int) throws(DataError) -> TrainingSplit {
    try TrainingSplit(
      count: count, trainingCount: run.trainImages, validationCount: run.validationImages, seed: run.options.seed)
  }

  /// Returns the training and validation images of the run that the weights are in, or of a run with their seed and no
  /// other options.
  private static func split(of weights: Checkpoint, count: Int) throws(DataError) -> TrainingSplit {
    if let run = run(of: weights) { return try split(of: run, count: count) }
    let recipe = weights.recipe ?? TrainingOptions(recipeFor: weights.configuration.kind)
    Console.note(
      "\(weights.name) is in no run; splitting by seed \(recipe.seed), as a run without --train-images and "
        + "--validation-images does")
    return try TrainingSplit(count: count, seed: recipe.seed)
  }
}
