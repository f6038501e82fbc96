import Data
import FoundationEssentials
import Imaging
import Models
import Report
import Runtime

/// The report of `recolor evaluate --full-size`: the scores of a folder's photographs colored at their full sizes,
/// beside those of the gray copies and of the photographs.
struct FullSizeReport: Encodable {
  /// The scores of one picture.
  struct Row: Encodable {
    /// Path relative to the folder.
    let name: String
    let width: Int
    let height: Int
    let model: PictureScores
    let grayCopy: PictureScores
    /// The photograph's own.
    let colorfulness: Double

    /// ΔE minus the gray copy's: above 0 where the colors are farther from the photograph's than gray is.
    var deltaEExcess: Double { model[.deltaE] - grayCopy[.deltaE] }
  }

  /// A picture by name.
  struct Worst: Encodable {
    let name: String
    let deltaEExcess: Double
  }

  /// The model's means as shares.
  private struct Ratios {
    /// ΔE, of the gray copies'.
    let deltaE: Double
    /// The colorfulness, of the photographs'.
    let colorfulness: Double

    /// Least mean ΔE of gray copies of photographs with color: half of a just noticeable difference.
    private static let leastDeltaE = 0.5
    /// Least mean colorfulness of photographs with color, on the scale 0...255.
    private static let leastColorfulness = 1.0

    /// Fails where the photographs have no color.
    init?(_ model: PictureScores, grayCopy: PictureScores, truth: PictureScores) {
      guard grayCopy[.deltaE] >= Self.leastDeltaE, truth[.colorfulness] >= Self.leastColorfulness else { return nil }
      deltaE = model[.deltaE] / grayCopy[.deltaE]
      colorfulness = model[.colorfulness] / truth[.colorfulness]
    }
  }

  /// The report without the model's means and the ratios.
  private struct Subject: Encodable {
    let model: ModelKind
    let width: Int
    let checkpoint: String
    let data: String
    let device: String
    let workingSize: Int
    let strength: Float
    let colorContrast: Float
    let images: Int
    let leftOut: FullSizePictures.Omissions
    let grayCopy: PictureScores
    let truth: PictureScores
    let worst: Worst
    let pictures: [Row]
  }

  private let subject: Subject
  private let scores: PictureScores
  /// Nil where the photographs have no color.
  private let ratios: Ratios?

  /// Colors the pictures one after the other and measures.
  /// - Throws: `SafetensorsError`, `BackendError`, `DataError`, `ImageError`.
  init(
    _ weights: Checkpoint, _ pictures: FullSizePictures, _ settings: ColoringSettings, on backend: any Backend
  ) throws {
    let colorizer = try Colorizer(weights, on: backend)
    var rows: [Row] = []
    var photographs: [PictureScores] = []
    let leftOut = try pictures.forEach(tonedAt: weights.imageSize?.width ?? CIFAR10.imageSize) { picture in
      let colored = try colorizer.colorize(
        Photograph(picture.gray, name: picture.name), settings
      ).rgbImage
      let scores = PictureScorer.scores(of: [colored, picture.gray], against: picture.photograph)
      rows.append(
        Row(
          name: picture.name, width: colored.width, height: colored.height, model: scores.predictions[0],
          grayCopy: scores.predictions[1], colorfulness: scores.photograph[.colorfulness]))
      photographs.append(scores.photograph)
    }
    guard let model = PictureScores(meanOf: rows.map(\.model)),
      let grayCopy = PictureScores(meanOf: rows.map(\.grayCopy)), let truth = PictureScores(meanOf: photographs),
      let worst = rows.max(by: { $0.deltaEExcess < $1.deltaEExcess })
    else { throw DataError.noImages(folder: pictures.folder) }
    scores = model
    ratios = Ratios(model, grayCopy: grayCopy, truth: truth)
    subject = Subject(
      model: weights.configuration.kind, width: weights.configuration.width, checkpoint: weights.name,
      data: pictures.folder, device: backend.name, workingSize: settings.workingSize,
      strength: settings.strength, colorContrast: settings.contrast, images: rows.count, leftOut: leftOut,
      grayCopy: grayCopy, truth: truth,
      worst: Worst(name: worst.name, deltaEExcess: worst.deltaEExcess), pictures: rows)
  }

  private enum RatioKey: CodingKey {
    case deltaERatio, colorfulnessShare
  }

  /// Encodes one object: the model's means and the ratios are keys beside the others. Ratios that say nothing are null.
  func encode(to encoder: any Encoder) throws {
    try subject.encode(to: encoder)
    try scores.encode(to: encoder)
    var container = encoder.container(keyedBy: RatioKey.self)
    try container.encode(ratios?.deltaE, forKey: .deltaERatio)
    try container.encode(ratios?.colorfulness, forKey: .colorfulnessShare)
  }

  /// The report as text.
  var text: String {
    let excess = subject.worst.deltaEExcess
    return """
      \(subject.checkpoint.printable): \(subject.model.rawValue), width \(subject.width)
      \(Format.counted(subject.images, "picture")) of \(subject.data.printable) at full size, working size \
      \(subject.workingSize), strength \(Format.significant(Double(subject.strength), 3)), \
      color contrast \(Format.significant(Double(subject.colorContrast), 3))

      \(metrics)

      \(comparison)
      The worst picture is \(subject.worst.name.printable): ΔE is \(Format.fixed(abs(excess), 2)) \
      \(excess < 0 ? "below" : "above") the gray copy's.
      """
  }

  /// The ratios in sentences.
  private var comparison: String {
    guard let ratios else { return "The photographs have no color: the ratios say nothing." }
    return """
      ΔE is \(Format.fixed(ratios.deltaE, 3)) of the gray copy's.
      The colorfulness is \(Format.fixed(100 * ratios.colorfulness, 1)) % of the photographs'.
      """
  }

  /// The means as a table: a row for the model, the gray copies and the photographs.
  private var metrics: String {
    let columns = [TextTable.Column.left("")] + PictureMetric.allCases.map { .right($0.heading) }
    func row(_ name: String, _ scores: PictureScores, _ isShown: (PictureMetric) -> Bool = { _ in true }) -> [String] {
      [name] + PictureMetric.allCases.map { isShown($0) ? $0.text(scores) : "" }
    }
    return TextTable.text(
      columns,
      [
        row(subject.model.rawValue, scores), row("gray copy", subject.grayCopy),
        row("photographs", subject.truth, \.describesPhotographs),
      ])
  }

  /// The scores of each picture as a table.
  var table: CSVTable {
    // A single picture has one PSNR.
    let metrics = PictureMetric.allCases.filter { $0 != .psnrPerImage }
    var table = CSVTable(
      columns: ["name", "width", "height"] + metrics.map(\.column) + metrics.map { "gray_\($0.column)" }
        + ["photograph_colorfulness", "delta_e_excess"])
    for row in subject.pictures {
      table.append(
        [row.name, "\(row.width)", "\(row.height)"] + metrics.map { "\(row.model[$0])" }
          + metrics.map { "\(row.grayCopy[$0])" } + ["\(row.colorfulness)", "\(row.deltaEExcess)"])
    }
    return table
  }
}

extension PictureMetric {
  /// Returns the value with its unit.
  fileprivate func text(_ scores: PictureScores) -> String {
    Format.fixed(scores[self], digits) + (unit.isEmpty ? "" : " \(unit)")
  }
}
