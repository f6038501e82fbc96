import Data
import Imaging
import Models
import Report
import Runtime

/// The report of `recolor compare`: several models on the same photographs.
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
    /// The models' metrics, in the models' order.
    let models: [ImageMetrics]
    let grayCopy: ImageMetrics
    let truth: ImageMetrics
  }

  /// A photograph on the sheet, with its scores.
  struct Photograph: Encodable {
    /// Its index among the photographs of the comparison.
    let number: Int
    /// Nil where there are no classes.
    let className: String?
    /// The models' scores, in the models' order.
    let psnr: [Double]
    let deltaE: [Double]
    let colorfulness: [Double]
    let grayCopyDeltaE: Double
    /// The photograph's own colorfulness.
    let truthColorfulness: Double

    fileprivate init(_ number: Int, className: String?, models: [[ImageScores]], reference: ReferenceScores) {
      self.number = number
      self.className = className
      psnr = models.map { $0[number][.psnrPerImage] }
      deltaE = models.map { $0[number][.deltaE] }
      colorfulness = models.map { $0[number][.colorfulness] }
      grayCopyDeltaE = reference.grayCopy[number][.deltaE]
      truthColorfulness = reference.truth[number][.colorfulness]
    }
  }

  /// Identifies a report of this program.
  let format = Self.formatName
  let version = RecolorVersion.current
  /// The command line.
  let command: String
  /// Name of the data set.
  let data: String
  /// The source of the data set.
  let source: String
  /// The size of the photographs.
  let imageWidth: Int
  let imageHeight: Int
  let images: Int
  let device: String
  let deviceDescription: String
  let precision: Precision
  let models: [Model]
  let grayCopy: ImageMetrics
  let truth: ImageMetrics
  /// In the order of the labels; empty where there are none.
  let classes: [Class]
  let photographs: [Photograph]
  let curves: Curves
  /// For each of `photographs`: its gray copy, each model's prediction, and the photograph.
  let pictures: [[RGBImage]]

  static let formatName = "recolor comparison"

  private enum CodingKeys: String, CodingKey {
    case format, version, command, data, source, imageWidth, imageHeight, images, device, deviceDescription, precision
    case models, grayCopy, truth, classes, photographs, curves
  }

  /// Colors the images of `dataset` with each model and measures the results.
  /// - Parameters:
  ///   - rowCount: The number of photographs on the sheet.
  ///   - command: The command line.
  /// - Throws: `ModelError`, `SafetensorsError`, `BackendError`; `DataError` where there are no images.
  init(
    _ compared: [ComparedModel], dataset: ImageDataset, rowCount: Int, command: String, on backend: any Backend
  ) throws {
    let shown = Self.shownImages(in: dataset, count: rowCount)
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
          checkpoint: model.weights.name, metrics: metrics, settings: model.settings)
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

  /// Returns the images of the sheet: the first of each class, then the second of each, and so on; without classes the
  /// first.
  private static func shownImages(in dataset: ImageDataset, count: Int) -> [Int] {
    guard let labels = dataset.labels else { return Array(0..<min(count, dataset.count)) }
    var seen: [Int: Int] = [:]
    let places = labels.enumerated().map { number, label -> (round: Int, label: Int, number: Int) in
      let round = seen[Int(label), default: 0]
      seen[Int(label)] = round + 1
      return (round, Int(label), number)
    }
    return places.sorted { ($0.round, $0.label, $0.number) < ($1.round, $1.label, $1.number) }.prefix(count).map(
      \.number)
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
  /// The report as text.
  var text: String {
    """
    \(Format.count(images)) images of \(data.printable)

    \(Metric.table(models: models.map { ($0.name, $0.metrics) }, grayCopy: grayCopy, truth: truth))
    """
  }

  /// Approximate width of a photograph on the sheet, in pixels.
  private static let sheetImageSize = 128

  /// The sheet: a row for each photograph.
  var sheet: ContactSheet {
    ContactSheet(
      headings: ["gray"] + models.map(\.name.printable) + ["photograph"],
      labels: classes.isEmpty ? [] : photographs.map { $0.className?.printable ?? "" }, rows: pictures,
      scale: max(1, Self.sheetImageSize / imageWidth), textScale: 2)
  }
}

extension Comparison {
  private static let metricKeys = ["images"] + Metric.allCases.map(\.column)

  private static func fields(_ metrics: ImageMetrics) -> [String] {
    ["\(metrics.images)"] + Metric.allCases.map { "\($0.value(metrics))" }
  }

  /// Returns a row for each model, one for the gray copy, one for the photographs.
  private func rows(models metrics: [ImageMetrics], grayCopy: ImageMetrics, truth: ImageMetrics) -> [[String]] {
    zip(models, metrics).map { [$0.name, $0.model.rawValue] + Self.fields($1) } + [
      ["gray copy", ""] + Self.fields(grayCopy), ["photographs", ""] + Self.fields(truth),
    ]
  }

  /// The metrics as a table.
  var table: CSVTable {
    var table = CSVTable(columns: ["name", "model"] + Self.metricKeys)
    for row in rows(models: models.map(\.metrics), grayCopy: grayCopy, truth: truth) { table.append(row) }
    return table
  }

  /// The metrics of each class as a table.
  var classTable: CSVTable {
    var table = CSVTable(columns: ["class", "name", "model"] + Self.metricKeys)
    for figures in classes {
      for row in rows(models: figures.models, grayCopy: figures.grayCopy, truth: figures.truth) {
        table.append([figures.name] + row)
      }
    }
    return table
  }
}
