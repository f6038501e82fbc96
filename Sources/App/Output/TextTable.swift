/// A table of columns of text, each as wide as its widest cell. Cells are written as `String.printable`.
struct TextTable {
  struct Column {
    let heading: String
    let isRightAligned: Bool

    static func left(_ heading: String) -> Column { Column(heading: heading, isRightAligned: false) }
    static func right(_ heading: String) -> Column { Column(heading: heading, isRightAligned: true) }
  }

  private let columns: [Column]
  private let widths: [Int]

  /// - Parameter rows: The rows that decide the widths. Each has a cell for each column.
  init(_ columns: [Column], fitting rows: [[String]]) {
    self.columns = columns
    widths = columns.indices.map { column in
      rows.reduce(columns[column].heading.printable.count) { max($0, $1[column].printable.count) }
    }
  }

  var heading: String { line(columns.map(\.heading)) }

  /// Returns one row, without spaces at its end.
  func line(_ cells: [String]) -> String {
    var line = ""
    for (index, cell) in cells.map(\.printable).enumerated() {
      let space = String(repeating: " ", count: max(widths[index] - cell.count, 0))
      if index > 0 { line += "  " }
      line += columns[index].isRightAligned ? space + cell : cell + space
    }
    while line.last == " " { line.removeLast() }
    return line
  }

  /// Returns the heading and all rows.
  static func text(_ columns: [Column], _ rows: [[String]]) -> String {
    let table = TextTable(columns, fitting: rows)
    return ([table.heading] + rows.map(table.line)).joined(separator: "\n")
  }
}
