import Data
import Imaging
import Models
import Runtime

/// What `recolor compare` reports: several models on the same photographs.
struct Comparison: Encodable {
  struct Model: Encodable {
    let name: String
    let model: ModelKind
    let width: Int
    let checkpoint: String
    let metrics: ImageMetrics
  }

  /// Name of the data set.
  let data: String
  let device: String
  let models: [Model]
  let grayCopy: ImageMetrics
  let truth: ImageMetrics
  /// A row a photograph: gray, as each model colors it, as it is.
  let sheet: ContactSheet

  private enum CodingKeys: String, CodingKey {
    case data, device, models, grayCopy, truth
  }

  /// Sides of a photograph on the sheet, about, in pixels.
  private static let sheetImageSize = 128

  /// Colors the images of `dataset` with each model and measures.
  /// - Throws: `ModelError`, `SafetensorsError`, `BackendError`, `DataError`.
  init(
    _ models: [(name: String, weights: Checkpoint)], dataset: ImageDataset, rowCount: Int, on backend: any Backend
  ) throws {
    let measurements = try models.map { _, weights in
      try Measurement(weights, dataset: dataset, sampleCount: rowCount, on: backend)
    }
    guard let first = measurements.first else { throw DataError.noImages(folder: dataset.source) }
    data = dataset.name
    device = backend.name
    grayCopy = first.grayCopy
    truth = first.truth
    self.models = zip(models, measurements).map { model, measurement in
      let configuration = model.weights.configuration
      return Model(
        name: model.name, model: configuration.kind, width: configuration.width, checkpoint: model.weights.url.path,
        metrics: measurement.model)
    }
    let rows = first.predictions.indices.map { index in
      let photograph = dataset[index]
      return [photograph.gray] + measurements.map { $0.predictions[index] } + [photograph]
    }
    sheet = ContactSheet(
      headings: ["gray"] + models.map(\.name) + ["photograph"], rows: rows,
      scale: max(1, Self.sheetImageSize / dataset.width))
  }
}

extension Comparison {
  /// The report for people.
  var text: String {
    """
    \(Format.count(truth.images)) images of \(data)

    \(MetricsRows.text(models: models.map { ($0.name, $0.metrics) }, grayCopy: grayCopy, truth: truth))
    """
  }
}
