import Data
import Runtime

extension Predictor {
  /// Loads a weights file to color the first images of a data set, in their order.
  /// - Parameters:
  ///   - imageCount: how many images; all where nil.
  ///   - batchSize: images at a time; it changes nothing but speed and memory.
  /// - Throws: `ModelError` where the images' size does not suit the model, `SafetensorsError`, `BackendError`.
  public convenience init(
    _ checkpoint: Checkpoint, dataset: ImageDataset, imageCount: Int? = nil, batchSize: Int = 64,
    on backend: any Backend
  ) throws {
    try checkpoint.configuration.validate(height: dataset.height, width: dataset.width)
    let count = min(imageCount ?? dataset.count, dataset.count)
    let batchSize = min(batchSize, count)
    let images = try DeviceImages(dataset, batchSize: batchSize, on: backend)
    let order = try ImageOrder(capacity: (count + batchSize - 1) / batchSize * batchSize, of: images, on: backend)
    try order.set(Array(0..<UInt32(count)))
    try self.init(
      checkpoint.load(on: backend), checkpoint.configuration, images: images, order: order, batchSize: batchSize,
      on: backend)
  }
}
