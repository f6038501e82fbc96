import Files

extension String {
  /// The text as one line that only shows: control characters, separators of lines, controls of bidirectional text
  /// (Unicode Standard Annex 9) and bytes of paths that are no UTF-8 are written out: `\n`, `\u{1b}`, `\xe9`. As they
  /// are, they would act on a terminal, begin a line that looks like the program's, or turn the order of what follows.
  var printable: String { writtenOut { $0.isUnprintable } }

  /// The text with the same characters written out, except for line feeds and tabs.
  var printableLines: String { writtenOut { $0 != "\n" && $0 != "\t" && $0.isUnprintable } }

  /// The text with the bytes of paths that are no UTF-8 written out, for files.
  var writingOutPathBytes: String { writtenOut { $0.pathByte != nil } }

  /// JSON with the same characters as `printable` in its strings as JSON writes them out, such as `\u202e`; see
  /// `escapingPathBytes`.
  var printableJSON: String {
    escapingPathBytes.replacing { scalar in
      guard scalar.isUnprintable, scalar != "\n" else { return nil }
      let digits = String(scalar.value, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }

  /// The text as a word of a shell's command line with the same characters as bytes, `$'caf\xe9'`, so that a command
  /// that the program prints can be given as it is.
  var printableShellWord: String {
    let text = replacing { scalar in
      if scalar == "\\" || scalar == "'" { return "\\\(scalar)" }
      guard scalar.isUnprintable else { return nil }
      let bytes = scalar.pathByte.map { [$0] } ?? Array(String(scalar).utf8)
      return bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    return "$'\(text)'"
  }

  /// The lines of a text from outside the program, joined by spaces. The spaces inside them stay: names have them, too.
  /// A text with names in it needs `printing` before, since names may hold line feeds.
  var onOneLine: String {
    split(whereSeparator: \.isNewline)
      .map { line in
        String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
      }
      .filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// Returns the text with each of `arguments`, words of a command line, as its `printable` form; of `--name=value`,
  /// the value as well.
  func printing(_ arguments: [String]) -> String {
    let values = arguments.compactMap { argument in
      argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
    }
    return (arguments + values).filter { $0.contains(where: \.isNewline) }
      .reduce(self) { text, argument in text.replacing(argument, with: argument.printable) }
  }

  private func writtenOut(_ isWrittenOut: (Unicode.Scalar) -> Bool) -> String {
    replacing { scalar in
      guard isWrittenOut(scalar) else { return nil }
      if let byte = scalar.pathByte { return "\\x" + String(byte, radix: 16) }
      return switch scalar {
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      default: "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
  }

  /// Replaces the code points for which `replacement` returns a text.
  private func replacing(_ replacement: (Unicode.Scalar) -> String?) -> String {
    guard unicodeScalars.contains(where: { replacement($0) != nil }) else { return self }
    var result = UnicodeScalarView()
    for scalar in unicodeScalars {
      if let text = replacement(scalar) {
        result.append(contentsOf: text.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  fileprivate var isUnprintable: Bool {
    if isASCII { return value < 0x20 || value == 0x7F }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    default: return properties.isBidiControl || pathByte != nil
    }
  }
}
