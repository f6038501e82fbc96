import Data
import Imaging
import Models
import Runtime

/// A model's and the gray copies' distance from the photographs.
struct Measurement {
  let model: ImageMetrics
  let grayCopy: ImageMetrics
  /// The photographs against themselves: their colorfulness is the one to reach.
  let truth: ImageMetrics
  /// What the model made of the first few images.
  let predictions: [RGBImage]

  /// Colors the images of `dataset` and measures.
  /// - Parameter sampleCount: how many `predictions` are kept.
  /// - Throws: `ModelError`, `SafetensorsError`, `BackendError`; `DataError` where there are no images.
  init(_ weights: Checkpoint, dataset: ImageDataset, sampleCount: Int = 0, on backend: any Backend) throws {
    let evaluation = try Evaluation(weights, dataset: dataset, sampleCount: sampleCount, on: backend)
    guard let model = evaluation.metrics, let grayCopy = evaluation.grayCopy, let truth = Self.truth(of: dataset) else {
      throw DataError.noImages(folder: dataset.source)
    }
    self.model = model
    self.grayCopy = grayCopy
    self.truth = truth
    predictions = evaluation.predictions
  }

  private static func truth(of dataset: ImageDataset) -> ImageMetrics? {
    var accumulator = ImageMetricsAccumulator(width: dataset.width, height: dataset.height)
    for first in stride(from: 0, to: dataset.bytes.count, by: dataset.imageByteCount) {
      let values = dataset.bytes[first..<first + dataset.imageByteCount].map { Float($0) / 255 }
      accumulator.add(predictions: values, targets: values)
    }
    return accumulator.metrics
  }
}
