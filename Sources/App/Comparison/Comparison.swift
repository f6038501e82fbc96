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
    let settings: JSONValue
  }

  /// The photographs of one class.
  struct Class: Encodable {
    let name: String
    let images: Int
    /// In the models' order.
    let models: [ImageMetrics]
    let grayCopy: ImageMetrics
    let truth: ImageMetrics
  }

  /// A photograph on the sheet.
  struct Photograph: Encodable {
    /// Its number among those measured on, from 0.
    let number: Int
    /// Nil without classes.
    let className: String?
    /// In the models' order.
    let psnr: [Double]
    let deltaE: [Double]
    let colorfulness: [Double]
    let grayCopyDeltaE: Double
    /// The photograph's own.
    let truthColorfulness: Double

    fileprivate init(_ number: Int, className: String?, models: [[ImageScores]], reference: ReferenceScores) {
      self.number = number
      self.className = className
      psnr = models.map { $0[number].psnr }
      deltaE = models.map { $0[number].deltaE }
      colorfulness = models.map { $0[number].colorfulness }
      grayCopyDeltaE = reference.grayCopy[number].deltaE
      truthColorfulness = reference.truth[number].colorfulness
    }
  }

  /// Tells this program's reports from other files.
  let format = Self.formatName
  let version = RecolorVersion.current
  /// What was typed.
  let command: String
  /// Name of the data set.
  let data: String
  /// Where that came from.
  let source: String
  /// Size that the photographs were measured at.
  let imageWidth: Int
  let imageHeight: Int
  let images: Int
  let device: String
  let deviceDescription: String
  let precision: Precision
  let models: [Model]
  let grayCopy: ImageMetrics
  let truth: ImageMetrics
  /// In the order of the labels; empty without classes.
  let classes: [Class]
  let photographs: [Photograph]
  let curves: Curves
  /// For each of `photographs`: gray, as each model colors it, as it is.
  let pictures: [[RGBImage]]

  static let formatName = "recolor comparison"

  private enum CodingKeys: String, CodingKey {
    case format, version, command, data, source, imageWidth, imageHeight, images, device, deviceDescription, precision
    case models, grayCopy, truth, classes, photographs, curves
  }

  /// Colors the images of `dataset` with each model and measures.
  /// - Parameters:
  ///   - rowCount: photographs to show.
  ///   - command: the command line.
  /// - Throws: `ModelError`, `SafetensorsError`, `BackendError`; `DataError` where there is nothing to measure.
  init(
    _ compared: [ComparedModel], dataset: ImageDataset, rowCount: Int, command: String, on backend: any Backend
  ) throws {
    let shown = ShownPhotographs.numbers(in: dataset, count: rowCount)
    let evaluations = try compared.map { try Evaluation($0.weights, dataset: dataset, shown: shown, on: backend) }
    let reference = ReferenceScores(dataset)
    guard let grayCopy = ImageMetrics(reference.grayCopy), let truth = ImageMetrics(reference.truth) else {
      throw DataError.noImages(folder: dataset.source)
    }
    self.command = command
    data = dataset.name
    source = dataset.source
    imageWidth = dataset.width
    imageHeight = dataset.height
    images = dataset.count
    device = backend.name
    deviceDescription = backend.deviceDescription
    precision = backend.precision
    self.grayCopy = grayCopy
    self.truth = truth
    models = zip(compared, evaluations).compactMap { model, evaluation in
      evaluation.metrics.map { metrics in
        Model(
          name: model.name, model: model.weights.configuration.kind, width: model.weights.configuration.width,
          checkpoint: model.weights.url.path, metrics: metrics, settings: model.settings)
      }
    }
    let scores = evaluations.map(\.scores)
    classes = Self.classes(of: dataset, models: scores, reference: reference)
    photographs = shown.map { number in
      Photograph(
        number, className: dataset.labels.map { Self.name(ofClass: Int($0[number]), in: dataset) }, models: scores,
        reference: reference)
    }
    pictures = shown.enumerated().map { place, number in
      let photograph = dataset[number]
      return [photograph.gray] + evaluations.map { $0.predictions[place] } + [photograph]
    }
    curves = Curves(compared.map { ($0.name, $0.log) })
  }

  private static func classes(
    of dataset: ImageDataset, models: [[ImageScores]], reference: ReferenceScores
  ) -> [Class] {
    guard let labels = dataset.labels else { return [] }
    let members = Dictionary(grouping: labels.indices) { Int(labels[$0]) }
    return members.sorted { $0.key < $1.key }.compactMap { label, numbers in
      func metrics(_ scores: [ImageScores]) -> ImageMetrics? { ImageMetrics(numbers.lazy.map { scores[$0] }) }
      guard let grayCopy = metrics(reference.grayCopy), let truth = metrics(reference.truth) else { return nil }
      return Class(
        name: name(ofClass: label, in: dataset), images: numbers.count, models: models.compactMap(metrics),
        grayCopy: grayCopy, truth: truth)
    }
  }

  private static func name(ofClass label: Int, in dataset: ImageDataset) -> String {
    label < dataset.classNames.count ? dataset.classNames[label] : "class \(label)"
  }
}

extension Comparison {
  /// The report for people.
  var text: String {
    """
    \(Format.count(images)) images of \(data)

    \(MetricsRows.text(models: models.map { ($0.name, $0.metrics) }, grayCopy: grayCopy, truth: truth))
    """
  }

  /// Sides of a photograph on the sheet, about, in pixels.
  private static let sheetImageSize = 128

  /// One picture: a row a photograph.
  var sheet: ContactSheet {
    ContactSheet(
      headings: ["gray"] + models.map(\.name) + ["photograph"],
      labels: classes.isEmpty ? [] : photographs.map { $0.className ?? "" }, rows: pictures,
      scale: max(1, Self.sheetImageSize / imageWidth), textScale: 2)
  }
}
