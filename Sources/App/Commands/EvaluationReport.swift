import Data
import Imaging
import Models
import Runtime

/// The report of `recolor evaluate`: the model's metrics, and those of the gray copies and of the photographs.
struct EvaluationReport: Encodable {
  /// The report without the model's metrics.
  private struct Subject: Encodable {
    let model: ModelKind
    let width: Int
    let checkpoint: String
    /// Name of the data set.
    let data: String
    let split: Evaluate.Split
    let device: String
    let grayCopy: ImageMetrics
    let truth: ImageMetrics
  }

  private let subject: Subject
  private let metrics: ImageMetrics

  /// Colors the images of `dataset` and measures.
  /// - Throws: `ModelError`, `SafetensorsError`, `BackendError`, `DataError`.
  init(_ weights: Checkpoint, _ split: Evaluate.Split, _ dataset: ImageDataset, on backend: any Backend) throws {
    let evaluation = try Evaluation(weights, dataset: dataset, shown: [], on: backend)
    let reference = ReferenceScores(dataset)
    guard let metrics = evaluation.metrics, let grayCopy = ImageMetrics(reference.grayCopy),
      let truth = ImageMetrics(reference.truth)
    else { throw DataError.noImages(folder: dataset.source) }
    self.metrics = metrics
    subject = Subject(
      model: weights.configuration.kind, width: weights.configuration.width, checkpoint: weights.name,
      data: dataset.name, split: split, device: backend.name, grayCopy: grayCopy, truth: truth)
  }

  /// Encodes one object: the model's metrics are keys beside the others.
  func encode(to encoder: any Encoder) throws {
    try subject.encode(to: encoder)
    try metrics.encode(to: encoder)
  }

  /// The report as text.
  var text: String {
    let model = subject.model.rawValue
    return """
      \(subject.checkpoint.printable): \(model), width \(subject.width)
      \(Format.counted(metrics.images, "image")) of \(subject.data.printable), the \(subject.split.rawValue) split

      \(Metric.table(models: [(model, metrics)], grayCopy: subject.grayCopy, truth: subject.truth))
      """
  }
}

/// The scores that those of models are compared with, on the same photographs.
struct ReferenceScores {
  /// The scores of the gray copies, which a model must exceed.
  let grayCopy: [ImageScores]
  /// The scores of the photographs against themselves, whose colorfulness is the aim.
  let truth: [ImageScores]

  init(_ dataset: ImageDataset) {
    let scorer = ImageScorer(width: dataset.width, height: dataset.height)
    grayCopy = scorer.grayCopyScores(photographs: dataset.bytes)
    truth = scorer.photographScores(dataset.bytes)
  }
}
