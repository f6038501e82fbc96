/// A table as comma-separated values (RFC 4180): the first line names the columns.
public struct CSVTable: Equatable, Sendable {
  public let columns: [String]
  /// The rows, each with a field for each column.
  public private(set) var rows: [[String]] = []

  public init(columns: [String]) { self.columns = columns }

  /// Adds a row. It must have a field for each column.
  public mutating func append(_ row: [String]) {
    precondition(row.count == columns.count, "not one field for each column")
    rows.append(row)
  }

  /// Parses a table. Rows with too few fields, such as one that is being written, and fields beyond the columns are
  /// left out.
  public init(parsing text: String) {
    var records = Self.records(of: text)[...]
    columns = records.popFirst() ?? []
    rows = records.filter { $0.count >= columns.count }.map { Array($0.prefix(columns.count)) }
  }

  /// The table as text. Lines end with a line feed.
  public var text: String {
    ([columns] + rows).map { $0.map(Self.field).joined(separator: ",") + "\n" }.joined()
  }

  /// Returns a field as text, in quotes where it needs them.
  private static func field(_ value: String) -> String {
    guard value.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return value }
    var quoted = "\""
    for scalar in value.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }

  private static func records(of text: String) -> [[String]] {
    var records: [[String]] = []
    var record: [String] = []
    var field = ""
    var isQuoted = false
    var scalars = text.unicodeScalars.makeIterator()
    var next = scalars.next()
    while let scalar = next {
      next = scalars.next()
      switch scalar {
      case "\"" where isQuoted && next == "\"":
        field += "\""
        next = scalars.next()
      case "\"": isQuoted.toggle()
      case _ where isQuoted: field.unicodeScalars.append(scalar)
      case ",":
        record.append(field)
        field = ""
      case "\n":
        records.append(record + [field])
        (record, field) = ([], "")
      case "\r": break
      default: field.unicodeScalars.append(scalar)
      }
    }
    if !record.isEmpty || !field.isEmpty { records.append(record + [field]) }
    return records
  }
}
