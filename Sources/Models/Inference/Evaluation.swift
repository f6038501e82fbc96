import Data
import Imaging
import MessagePassing
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
  ///   - ranks: the processes that share the batches, neighboring ones each, with the same arguments but `shown`; each
  ///     gets all scores, and the first shows images.
  ///   - shouldStop: called before every batch is measured.
  /// - Throws: `BackendError`, `MessagePassingError`, and `Cancelled` where `shouldStop` returns true on any rank.
  public init(
    _ predictor: Predictor, dataset: ImageDataset, shown: [Int], over ranks: Communicator = .single,
    computesMetrics: Bool = true, shouldStop: () -> Bool = { false }
  ) throws {
    let scorer = ImageScorer(width: dataset.width, height: dataset.height)
    let imageCount = dataset.imageByteCount
    var scores: [ImageScores] = []
    var predictions: [Int: RGBImage] = [:]
    func keepShown(_ first: Int, _ count: Int, _ colors: [Float]) {
      for position in shown where (first..<first + count).contains(position) {
        let start = (position - first) * imageCount
        predictions[position] = RGBImage(
          width: dataset.width, height: dataset.height, values: colors[start..<start + imageCount])
      }
    }
    // As many rounds on every rank, so that all stop in the same one.
    let rounds = ceilDivide(predictor.batchCount, ranks.rankCount)
    let own = (ranks.rank * rounds..<(ranks.rank + 1) * rounds).clamped(to: 0..<predictor.batchCount)
    try predictor.forEachBatch(in: own) { first, count, colors in
      if try ranks.isAny(shouldStop()) { throw Cancelled() }
      keepShown(first, count, colors)
      guard computesMetrics else { return }
      var photographs: [UInt8] = []
      photographs.reserveCapacity(count * imageCount)
      for index in predictor.batches.indices[first..<first + count] {
        photographs += dataset.bytes[Int(index) * imageCount..<(Int(index) + 1) * imageCount]
      }
      scores += scorer.scores(predictions: colors, photographs: photographs)
    }
    for _ in own.count..<rounds where try ranks.isAny(shouldStop()) { throw Cancelled() }
    if let last = shown.max(), last / predictor.batches.batchSize >= own.upperBound {
      try predictor.forEachBatch(in: own.upperBound..<last / predictor.batches.batchSize + 1, keepShown)
    }
    self.scores = try ranks.inOrder(scores)
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
