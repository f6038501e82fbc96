import Imaging
import Report

/// The quantities that runs log, over epochs: all columns of their tables.
struct Curves: Encodable {
  /// A quantity and all runs that log it.
  struct Quantity: Encodable {
    /// The column's name: `validation_mse`.
    let name: String
    let runs: [Run]
  }

  /// The curve of one run.
  struct Run: Encodable {
    let name: String
    /// The run's place among the compared models.
    let index: Int
    let points: [Point]

    private enum CodingKeys: String, CodingKey {
      case name, points
    }
  }

  struct Point: Encodable {
    let epoch: Double
    let value: Double
  }

  let quantities: [Quantity]

  /// Columns that count rows, and are not drawn.
  private static let counters: Set<String> = ["epoch", "step"]

  /// - Parameter logs: Each run's name and table; nil for weights outside a run.
  init(_ logs: [(name: String, table: CSVTable?)]) {
    var names: [String] = []
    var known = Self.counters
    for column in logs.compactMap(\.table).flatMap(\.columns) where known.insert(column).inserted {
      names.append(column)
    }
    // A file may have any number of columns.
    let places = logs.map { log in
      Dictionary(zip(log.table?.columns ?? [], 0...), uniquingKeysWith: { first, _ in first })
    }
    quantities = names.compactMap { column in
      let runs = logs.enumerated().compactMap { index, log -> Run? in
        guard let table = log.table, let place = places[index][column] else { return nil }
        let points = Self.points(inColumn: place, of: table, epochs: places[index]["epoch"])
        return points.isEmpty ? nil : Run(name: log.name, index: index, points: points)
      }
      // A column of words, or an empty one, has no curve.
      return runs.isEmpty ? nil : Quantity(name: column, runs: runs)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(quantities)
  }

  /// Returns a column's values over the epoch, or over the row where the table has no epochs.
  private static func points(inColumn valueIndex: Int, of table: CSVTable, epochs epochIndex: Int?) -> [Point] {
    table.rows.enumerated().compactMap { number, row in
      guard let value = Double(row[valueIndex]),
        let epoch = epochIndex.map({ Double(row[$0]) }) ?? Double(number + 1)
      else { return nil }
      return Point(epoch: epoch, value: value)
    }
  }

  /// The curves as a table with a row for each point.
  var table: CSVTable {
    var table = CSVTable(columns: ["run", "quantity", "epoch", "value"])
    for quantity in quantities {
      for run in quantity.runs {
        for point in run.points {
          table.append([run.name, quantity.name, Format.significant(point.epoch, 15), "\(point.value)"])
        }
      }
    }
    return table
  }
}

/// The title of a column of a run's `metrics.csv`. An unknown column's is its name.
struct QuantityName {
  let title: String
  /// The unit of the values; may be empty.
  let unit: String

  init(column: String) {
    var words = column
    var part = ""
    if column.hasPrefix("validation_") {
      words = String(column.dropFirst("validation_".count))
      part = ", validation"
    }
    if let metric = Metric.allCases.first(where: { $0.column == words }) {
      // Without how it is averaged: `PSNR (pooled)` is PSNR.
      let name = metric.heading.prefix { $0 != "(" }.split(separator: " ").joined(separator: " ")
      title = name.prefix(1).uppercased() + name.dropFirst() + part
      unit = metric.unitBesideHeading
    } else {
      let (name, unit) = Self.known[words] ?? (words.split(separator: "_").joined(separator: " "), "")
      title = name + part
      self.unit = unit
    }
  }

  private static let known = [
    "d_real": ("Discriminator’s loss on photographs", ""), "d_fake": ("Discriminator’s loss on predictions", ""),
    "g_adversarial": ("Generator’s adversarial loss", ""), "g_l1": ("Generator’s L1 loss", ""),
    "l1": ("L1 loss", ""),
    "learning_rate": ("Learning rate", ""), "seconds": ("Time of an epoch", "s"),
    "images_per_second": ("Training speed", "images/s"),
  ]
}
