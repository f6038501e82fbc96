import Data
import Imaging
import Runtime

/// How well a model colors the photographs of a predictor's order: metrics over all, and a sheet of the first few.
public struct Evaluation {
  /// Of the model's colors; nil where not asked for.
  public let metrics: ImageMetrics?
  /// Of the gray copies, the bar that any colorizer must pass; nil where not asked for.
  public let grayCopy: ImageMetrics?
  /// The first few: gray | predicted | photograph.
  public let sheet: ContactSheet
  /// What the model made of the first few.
  public let predictions: [RGBImage]

  /// Every pixel of a sheet's images becomes a square of this many, for images of 32 pixels.
  private static let sheetWidth = 96

  /// - Parameters:
  ///   - predictor: its order says which of `dataset`'s images.
  ///   - sampleCount: rows of the sheet.
  public init(
    _ predictor: Predictor, dataset: ImageDataset, sampleCount: Int, computesMetrics: Bool = true,
    comparesGrayCopy: Bool = false
  ) throws(BackendError) {
    var model = ImageMetricsAccumulator(width: dataset.width, height: dataset.height)
    var gray = model
    var predictions: [RGBImage] = []
    var rows: [[RGBImage]] = []
    let imageCount = dataset.imageByteCount
    try predictor.forEachBatch { first, count, colors in
      for index in 0..<min(count, max(0, sampleCount - first)) {
        let photograph = dataset[Int(predictor.order.indices[first + index])]
        let prediction = RGBImage(
          width: dataset.width, height: dataset.height, values: colors[index * imageCount..<(index + 1) * imageCount])
        predictions.append(prediction)
        rows.append([photograph.gray, prediction, photograph])
      }
      guard computesMetrics else { return }
      var targets: [Float] = []
      targets.reserveCapacity(count * imageCount)
      for index in predictor.order.indices[first..<first + count] {
        let start = Int(index) * imageCount
        targets.append(contentsOf: dataset.bytes[start..<start + imageCount].lazy.map { Float($0) / 255 })
      }
      model.add(predictions: colors, targets: targets)
      if comparesGrayCopy { gray.add(predictions: Self.grayCopies(of: targets), targets: targets) }
    }
    metrics = model.metrics
    grayCopy = gray.metrics
    self.predictions = predictions
    sheet = ContactSheet(
      headings: ["gray", "predicted", "photograph"], rows: rows, scale: max(1, Self.sheetWidth / dataset.width))
  }

  /// Evaluates a weights file on the first images of a data set.
  /// - Parameters:
  ///   - imageCount: how many images; all where nil.
  ///   - batchSize: images at a time; it changes nothing but speed and memory.
  /// - Throws: `ModelError` where the images' size does not suit the model, `SafetensorsError`, `BackendError`.
  public init(
    _ checkpoint: Checkpoint, dataset: ImageDataset, imageCount: Int? = nil, sampleCount: Int, batchSize: Int = 64,
    on backend: any Backend
  ) throws {
    let predictor = try Predictor(
      checkpoint, dataset: dataset, imageCount: imageCount, batchSize: batchSize, on: backend)
    try self.init(predictor, dataset: dataset, sampleCount: sampleCount, comparesGrayCopy: true)
  }

  /// The mean of the three colors in each of them.
  private static func grayCopies(of colors: [Float]) -> [Float] {
    var gray = colors
    for pixel in stride(from: 0, to: colors.count, by: 3) {
      let mean = (colors[pixel] + colors[pixel + 1] + colors[pixel + 2]) / 3
      gray[pixel] = mean
      gray[pixel + 1] = mean
      gray[pixel + 2] = mean
    }
    return gray
  }
}
