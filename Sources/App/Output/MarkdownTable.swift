/// A table in Markdown, as GitHub reads it.
enum MarkdownTable {
  static func text(_ headings: [String], _ rows: [[String]]) -> String {
    let rule = headings.map { _ in "---" }
    return ([line(headings), "|\(rule.joined(separator: "|"))|"] + rows.map(line)).joined(separator: "\n")
  }

  private static func line(_ cells: [String]) -> String { "| \(cells.map(escaped).joined(separator: " | ")) |" }

  /// Returns text of which nothing is markup.
  static func escaped(_ text: String) -> String {
    text.printable.reduce(into: "") { escaped, character in
      if "\\`*_[]<>|#".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
  }
}
