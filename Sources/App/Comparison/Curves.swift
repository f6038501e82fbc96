import Report

/// How the quantities that runs log went: whatever columns their tables have.
struct Curves: Encodable {
  /// A logged quantity of all runs that have it.
  struct Quantity: Encodable {
    /// The column's name: `validation_mse`.
    let name: String
    let runs: [Run]
  }

  /// A quantity of one run.
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

  /// What counts the rows of a run's table, and is no curve itself.
  private static let counters: Set<String> = ["epoch", "step"]

  /// - Parameter logs: each run's name and table; nil for weights without a run.
  init(_ logs: [(name: String, table: CSVTable?)]) {
    var names: [String] = []
    for column in logs.compactMap(\.table).flatMap(\.columns)
    where !Self.counters.contains(column) && !names.contains(column) {
      names.append(column)
    }
    quantities = names.compactMap { column in
      let runs = logs.enumerated().compactMap { index, log -> Run? in
        let points = log.table.map { Self.points(of: column, in: $0) } ?? []
        return points.isEmpty ? nil : Run(name: log.name, index: index, points: points)
      }
      // A column of words, or one that no run has filled yet.
      return runs.isEmpty ? nil : Quantity(name: column, runs: runs)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(quantities)
  }

  /// By the epoch; by the row in a table that counts no epochs.
  private static func points(of column: String, in table: CSVTable) -> [Point] {
    guard let valueIndex = table.columns.firstIndex(of: column) else { return [] }
    let epochIndex = table.columns.firstIndex(of: "epoch")
    return table.rows.enumerated().compactMap { number, row in
      guard let value = Double(row[valueIndex]),
        let epoch = epochIndex.map({ Double(row[$0]) }) ?? Double(number + 1)
      else { return nil }
      return Point(epoch: epoch, value: value)
    }
  }

  /// The same as a table: a row for each point.
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
