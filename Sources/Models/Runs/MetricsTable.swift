import Imaging

/// The table in `metrics.csv`: a row for each epoch.
struct MetricsTable {
  /// The metrics of the validation images; empty where there are none.
  private static let metrics: [Metric] = [.mse, .psnr, .ssim, .colorfulness]

  /// The first is the epoch.
  let columns: [String]
  private var rows: [String] = []

  /// Makes an empty table.
  init(losses: [String]) {
    columns =
      ["epoch", "step", "learning_rate"] + losses + Self.metrics.map(Self.column) + [
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
    let lines = csv.split(whereSeparator: \.isNewline).map(String.init)
    guard lines.first == columns.joined(separator: ",") else { throw WrongColumns() }
    rows = lines.dropFirst().filter { line in Int(line.prefix { $0 != "," }).map { $0 <= epoch } ?? false }
  }

  /// Returns the values of a metric of the validation images in the last rows, the oldest first.
  func last(_ count: Int, of metric: Metric) -> [Double] {
    guard let place = columns.firstIndex(of: Self.column(metric)) else { return [] }
    return rows.suffix(count).compactMap { row in
      let fields = row.split(separator: ",", omittingEmptySubsequences: false)
      return fields.indices.contains(place) ? Double(fields[place]) : nil
    }
  }

  private static func column(_ metric: Metric) -> String { "validation_\(metric.column)" }

  /// Appends an epoch's row.
  /// - Returns: its values, one for each column.
  mutating func append(_ epoch: EpochResult) -> [String] {
    let row =
      ["\(epoch.epoch)", "\(epoch.step)", "\(epoch.learningRate)"] + epoch.losses.map { "\($0.value)" }
      + Self.metrics.map { metric in epoch.validation.map { "\($0[metric])" } ?? "" }
      + ["\(epoch.seconds)", "\(epoch.imagesPerSecond)"]
    rows.append(row.joined(separator: ","))
    return row
  }

  var csv: String { ([columns.joined(separator: ",")] + rows).map { $0 + "\n" }.joined() }
}
