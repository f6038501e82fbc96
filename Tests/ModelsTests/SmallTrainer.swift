import Data
import Models
import Runtime

/// A trainer of width 4 on 32 scenes in batches of 8, without a folder.
enum SmallTrainer {
  static func make(_ kind: ModelKind, width: Int = 4, on backend: any Backend) throws -> Trainer {
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 8
    return try make(kind, width: width, options: options, colorSpace: .rgb, on: backend)
  }

  /// - Parameter options: with batches of 8.
  static func make(
    _ kind: ModelKind, width: Int = 4, options: TrainingOptions, colorSpace: ColorSpace, on backend: any Backend
  ) throws -> Trainer {
    let dataset = try SmallRun.dataset(count: 32)
    let images = try dataset.bytes.withUnsafeBytes {
      try DeviceImages($0, count: dataset.count, height: dataset.height, width: dataset.width, on: backend)
    }
    let order = try ImageOrder(capacity: 32, of: images, on: backend)
    try order.set(Array(0..<32))
    return try Trainer(
      ModelConfiguration(kind: kind, width: width, colorSpace: colorSpace), options: options, images: images,
      order: order, validationOrder: order, on: backend)
  }
}
