import Imaging

/// The table in `metrics.csv`: a row for each epoch.
struct MetricsTable {
  /// The columns of the validation's metrics; empty where there are no validation images.
  private static let validationColumns: [(name: String, value: @Sendable (ImageMetrics) -> Double)] = [
    ("validation_mse", { $0.mse }), ("validation_psnr", { $0.psnr }), ("validation_ssim", { $0.ssim }),
    ("validation_colorfulness", { $0.colorfulness }),
  ]

  /// The first is the epoch.
  let columns: [String]
  private var rows: [String] = []

  /// Makes an empty table.
  init(losses: [String]) {
    columns =
      ["epoch", "step", "learning_rate"] + losses + Self.validationColumns.map(\.name) + [
        "seconds", "images_per_second",
      ]
  }

  /// The file has other columns than the run writes.
  struct WrongColumns: Error, CustomStringConvertible {
    let description = "has other columns than this run writes"
  }

  /// Reads the rows of a file up to an epoch: a run that is resumed writes the later ones anew.
  init(losses: [String], csv: String, throughEpoch epoch: Int) throws(WrongColumns) {
    self.init(losses: losses)
    let lines = csv.split(separator: "\n").map(String.init)
    guard lines.first == columns.joined(separator: ",") else { throw WrongColumns() }
    rows = lines.dropFirst().filter { line in Int(line.prefix { $0 != "," }).map { $0 <= epoch } ?? false }
  }

  /// Appends an epoch's row.
  /// - Returns: its values, one for each column.
  mutating func append(_ epoch: EpochResult) -> [String] {
    let row =
      ["\(epoch.epoch)", "\(epoch.step)", "\(epoch.learningRate)"] + epoch.losses.map { "\($0.value)" }
      + Self.validationColumns.map { column in epoch.validation.map { "\(column.value($0))" } ?? "" }
      + ["\(epoch.seconds)", "\(epoch.imagesPerSecond)"]
    rows.append(row.joined(separator: ","))
    return row
  }

  var csv: String { ([columns.joined(separator: ",")] + rows).map { $0 + "\n" }.joined() }
}
