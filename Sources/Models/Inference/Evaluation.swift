import Data
import Imaging
import Runtime

/// How well a model colors the photographs of a predictor's order: scores of all, and pictures of a few.
public struct Evaluation {
  /// Of each photograph in the predictor's order; empty where not asked for.
  public let scores: [ImageScores]
  /// Of all; nil where not asked for.
  public var metrics: ImageMetrics? { ImageMetrics(scores) }
  /// The photographs that were asked for: gray | predicted | photograph.
  public let sheet: ContactSheet
  /// What the model made of the photographs that were asked for, as asked.
  public let predictions: [RGBImage]

  /// Every pixel of a sheet's images becomes a square of this many, for images of 32 pixels.
  private static let sheetWidth = 96

  /// Nobody waits for the result any more.
  public struct Stopped: Error {}

  /// - Parameters:
  ///   - predictor: its order says which of `dataset`'s images.
  ///   - shown: positions in the order of the photographs to show.
  ///   - shouldStop: asked before every batch is measured.
  /// - Throws: `BackendError`, and `Stopped` where `shouldStop` says so.
  public init(
    _ predictor: Predictor, dataset: ImageDataset, shown: [Int], computesMetrics: Bool = true,
    shouldStop: () -> Bool = { false }
  ) throws {
    let scorer = ImageScorer(width: dataset.width, height: dataset.height)
    let imageCount = dataset.imageByteCount
    var scores: [ImageScores] = []
    var predictions: [Int: RGBImage] = [:]
    try predictor.forEachBatch { first, count, colors in
      if shouldStop() { throw Stopped() }
      for position in shown where (first..<first + count).contains(position) {
        let start = (position - first) * imageCount
        predictions[position] = RGBImage(
          width: dataset.width, height: dataset.height, values: colors[start..<start + imageCount])
      }
      guard computesMetrics else { return }
      var photographs: [UInt8] = []
      photographs.reserveCapacity(count * imageCount)
      for index in predictor.order.indices[first..<first + count] {
        photographs += dataset.bytes[Int(index) * imageCount..<(Int(index) + 1) * imageCount]
      }
      scores += scorer.scores(predictions: colors, photographs: photographs)
    }
    self.scores = scores
    let found = shown.compactMap { position in predictions[position].map { (position, $0) } }
    self.predictions = found.map(\.1)
    let rows = found.map { position, prediction in
      let photograph = dataset[Int(predictor.order.indices[position])]
      return [photograph.gray, prediction, photograph]
    }
    sheet = ContactSheet(
      headings: ["gray", "predicted", "photograph"], rows: rows, scale: max(1, Self.sheetWidth / dataset.width))
  }

  /// Shows the first photographs of the order.
  /// - Parameters:
  ///   - sampleCount: rows of the sheet.
  ///   - shouldStop: asked before every batch is measured.
  /// - Throws: `BackendError`, and `Stopped` where `shouldStop` says so.
  public init(
    _ predictor: Predictor, dataset: ImageDataset, sampleCount: Int, computesMetrics: Bool = true,
    shouldStop: () -> Bool = { false }
  ) throws {
    let shown = Array(0..<min(sampleCount, predictor.order.count))
    try self.init(predictor, dataset: dataset, shown: shown, computesMetrics: computesMetrics, shouldStop: shouldStop)
  }

  /// Evaluates a weights file on a data set.
  /// - Parameters:
  ///   - shown: numbers of the photographs to show.
  ///   - batchSize: images at a time; it changes nothing but speed and memory.
  /// - Throws: `ModelError` where the images' size does not suit the model, `SafetensorsError`, `BackendError`.
  public init(
    _ checkpoint: Checkpoint, dataset: ImageDataset, shown: [Int], batchSize: Int = 64, on backend: any Backend
  ) throws {
    let predictor = try Predictor(checkpoint, dataset: dataset, batchSize: batchSize, on: backend)
    try self.init(predictor, dataset: dataset, shown: shown)
  }
}
