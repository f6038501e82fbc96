/// The rows of `metrics.csv`, one an epoch. The first column is the epoch.
struct MetricsTable {
  let columns: [String]
  private var rows: [String] = []

  init(columns: [String]) { self.columns = columns }

  /// Takes over the rows of an earlier file up to an epoch: a run that goes on writes the later ones anew.
  init(columns: [String], csv: String, throughEpoch epoch: Int) {
    self.columns = columns
    let lines = csv.split(separator: "\n").map(String.init)
    guard lines.first == columns.joined(separator: ",") else { return }
    rows = lines.dropFirst().filter { line in
      line.prefix { $0 != "," }.isEmpty == false && Int(line.prefix { $0 != "," }) ?? .max <= epoch
    }
  }

  mutating func append(_ values: [String]) { rows.append(values.joined(separator: ",")) }

  var csv: String { ([columns.joined(separator: ",")] + rows).map { $0 + "\n" }.joined() }
}
