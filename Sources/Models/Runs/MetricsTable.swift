/// The rows of `metrics.csv`, one an epoch. The first column is the epoch.
struct MetricsTable {
  let columns: [String]
  private var rows: [String] = []

  init(columns: [String]) { self.columns = columns }

  /// What is wrong with a file: not the columns that the run writes.
  struct WrongColumns: Error, CustomStringConvertible {
    let description = "has other columns than this run writes"
  }

  /// Takes over the rows of an earlier file up to an epoch: a run that goes on writes the later ones anew.
  init(columns: [String], csv: String, throughEpoch epoch: Int) throws(WrongColumns) {
    self.columns = columns
    let lines = csv.split(separator: "\n").map(String.init)
    guard lines.first == columns.joined(separator: ",") else { throw WrongColumns() }
    rows = lines.dropFirst().filter { line in Int(line.prefix { $0 != "," }).map { $0 <= epoch } ?? false }
  }

  mutating func append(_ values: [String]) { rows.append(values.joined(separator: ",")) }

  var csv: String { ([columns.joined(separator: ",")] + rows).map { $0 + "\n" }.joined() }
}
