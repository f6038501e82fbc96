import Data
import Imaging
import Runtime

/// The quality of a model's colors for the images of a predictor: scores of all, and pictures of a few.
public struct Evaluation {
  /// The scores of each image in the predictor's order; empty where not requested.
  public let scores: [ImageScores]
  /// The metrics over all images; nil where not requested.
  public var metrics: ImageMetrics? { ImageMetrics(scores) }
  /// The requested images: gray | predicted | photograph.
  public let sheet: ContactSheet
  /// The predictions for the requested images, in the order requested.
  public let predictions: [RGBImage]

  /// Width of an image on the sheet in pixels, or a little less.
  private static let sheetWidth = 96

  /// The evaluation was cancelled by `shouldStop`.
  public struct Cancelled: Error {}

  /// - Parameters:
  ///   - predictor: predicts images of `dataset`, in the order of its batches.
  ///   - shown: positions in the order of the images to show.
  ///   - shouldStop: called before every batch is measured.
  /// - Throws: `BackendError`, and `Cancelled` where `shouldStop` returns true.
  public init(
    _ predictor: Predictor, dataset: ImageDataset, shown: [Int], computesMetrics: Bool = true,
    shouldStop: () -> Bool = { false }
  ) throws {
    let scorer = ImageScorer(width: dataset.width, height: dataset.height)
    let imageCount = dataset.imageByteCount
    var scores: [ImageScores] = []
    var predictions: [Int: RGBImage] = [:]
    try predictor.forEachBatch { first, count, colors in
      if shouldStop() { throw Cancelled() }
      for position in shown where (first..<first + count).contains(position) {
        let start = (position - first) * imageCount
        predictions[position] = RGBImage(
          width: dataset.width, height: dataset.height, values: colors[start..<start + imageCount])
      }
      guard computesMetrics else { return }
      var photographs: [UInt8] = []
      photographs.reserveCapacity(count * imageCount)
      for index in predictor.batches.indices[first..<first + count] {
        photographs += dataset.bytes[Int(index) * imageCount..<(Int(index) + 1) * imageCount]
      }
      scores += scorer.scores(predictions: colors, photographs: photographs)
    }
    self.scores = scores
    let found = shown.compactMap { position in predictions[position].map { (position, $0) } }
    self.predictions = found.map(\.1)
    let rows = found.map { position, prediction in
      let photograph = dataset[Int(predictor.batches.indices[position])]
      return [photograph.gray, prediction, photograph]
    }
    sheet = ContactSheet(
      headings: ["gray", "predicted", "photograph"], rows: rows, scale: max(1, Self.sheetWidth / dataset.width))
  }

  /// Evaluates a weights file on a data set.
  /// - Parameters:
  ///   - shown: numbers of the images to show.
  ///   - batchSize: images at a time; it changes nothing but speed and memory.
  /// - Throws: `ModelError` where the images' size does not suit the model, `SafetensorsError`, `BackendError`.
  public init(
    _ checkpoint: Checkpoint, dataset: ImageDataset, shown: [Int], batchSize: Int = 64, on backend: any Backend
  ) throws {
    let predictor = try Predictor(checkpoint, dataset: dataset, batchSize: batchSize, on: backend)
    try self.init(predictor, dataset: dataset, shown: shown)
  }
}
