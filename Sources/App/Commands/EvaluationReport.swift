import Data
import Imaging
import Models
import Runtime

/// What `recolor evaluate` reports: the model's figures, and beside them the gray copies' and the photographs'.
struct EvaluationReport: Encodable {
  let model: ModelKind
  let width: Int
  let checkpoint: String
  /// Name of the data set.
  let data: String
  let split: Evaluate.Split
  let device: String
  let images: Int
  // The model's metrics lie beside the rest, and not in an object of their own, where scripts find them at once.
  let mse: Double
  let psnr: Double
  let psnrPerImage: Double
  let mae: Double
  let ssim: Double
  let accuracyWithin2: Double
  let accuracyWithin5: Double
  let deltaE: Double
  let colorfulness: Double
  let grayCopy: ImageMetrics
  let truth: ImageMetrics
  private let metrics: ImageMetrics

  private enum CodingKeys: String, CodingKey {
    case model, width, checkpoint, data, split, device, images, mse, psnr, psnrPerImage, mae, ssim
    case accuracyWithin2, accuracyWithin5, deltaE, colorfulness, grayCopy, truth
  }

  /// Colors the images of `dataset` and measures.
  /// - Throws: `ModelError`, `SafetensorsError`, `BackendError`, `DataError`.
  init(_ weights: Checkpoint, _ split: Evaluate.Split, _ dataset: ImageDataset, on backend: any Backend) throws {
    let evaluation = try Evaluation(weights, dataset: dataset, shown: [], on: backend)
    let reference = ReferenceScores(dataset)
    guard let metrics = evaluation.metrics, let grayCopy = ImageMetrics(reference.grayCopy),
      let truth = ImageMetrics(reference.truth)
    else { throw DataError.noImages(folder: dataset.source) }
    model = weights.configuration.kind
    width = weights.configuration.width
    checkpoint = weights.url.path
    data = dataset.name
    self.split = split
    device = backend.name
    self.metrics = metrics
    images = metrics.images
    mse = metrics.mse
    psnr = metrics.psnr
    psnrPerImage = metrics.psnrPerImage
    mae = metrics.mae
    ssim = metrics.ssim
    accuracyWithin2 = metrics.accuracyWithin2
    accuracyWithin5 = metrics.accuracyWithin5
    deltaE = metrics.deltaE
    colorfulness = metrics.colorfulness
    self.grayCopy = grayCopy
    self.truth = truth
  }
}

extension EvaluationReport {
  /// The report for people.
  var text: String {
    """
    \(checkpoint): \(model.rawValue), width \(width)
    \(Format.count(images)) images of \(data), the \(split.rawValue) split

    \(MetricsRows.text(models: [(model.rawValue, metrics)], grayCopy: grayCopy, truth: truth))
    """
  }
}
