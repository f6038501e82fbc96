/// The text of a command's help.
enum HelpText {
  /// Returns help with the section of a command's own options before those of its groups of further options, which the
  /// parser puts first.
  static func ordered(_ help: String) -> String {
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    guard let usage = lines.firstIndex(where: { $0.hasPrefix("USAGE:") }) else { return help }
    var sections: [[Substring]] = []
    for line in lines[usage...] {
      let isHeading = line.hasSuffix(":") && !line.hasPrefix(" ")
      if isHeading || sections.isEmpty { sections.append([]) }
      sections[sections.count - 1].append(line)
    }
    // Every section but the last ends with an empty line.
    guard let options = sections.firstIndex(where: { $0.first == "OPTIONS:" }), options == sections.count - 1 else {
      return help
    }
    var section = sections.removeLast()
    while section.last?.isEmpty ?? false { section.removeLast() }
    let place = sections.firstIndex { $0.first == "ARGUMENTS:" }.map { $0 + 1 } ?? 1
    sections.insert(section + [""], at: min(place, sections.count))
    return (Array(lines[..<usage]) + sections.flatMap { $0 }).joined(separator: "\n")
  }
}
