import Foundation

/// A piece of HTML or SVG.
///
/// A literal is markup. Interpolated text is escaped, and interpolated markup is not: `"<td>\(name)</td>" as HTML` is
/// correct for every name. Values of other types do not compile.
public struct HTML: ExpressibleByStringInterpolation, Sendable, Equatable {
  public let markup: String

  public init(stringLiteral markup: String) { self.markup = markup }
  public init(stringInterpolation: Interpolation) { markup = stringInterpolation.markup }

  /// Creates a piece from markup, such as a style sheet.
  init(markup: String) { self.markup = markup }

  public struct Interpolation: StringInterpolationProtocol {
    fileprivate var markup: String

    public init(literalCapacity: Int, interpolationCount: Int) {
      markup = ""
      markup.reserveCapacity(literalCapacity)
    }

    public mutating func appendLiteral(_ literal: String) { markup += literal }
    public mutating func appendInterpolation(_ text: String) { markup += HTML.escaped(text) }
    public mutating func appendInterpolation(_ number: Int) { markup += String(number) }
    public mutating func appendInterpolation(_ part: HTML) { markup += part.markup }
    public mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { markup += part.markup } }
  }

  /// Returns text escaped for use between tags and in quoted attributes. Control characters, which HTML does not allow,
  /// are replaced.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value): escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Returns the two pieces, one after the other.
  public static func + (first: HTML, second: HTML) -> HTML { HTML(markup: first.markup + second.markup) }
}

/// An address that contains the file itself.
public enum DataURI {
  /// Returns the address of a PNG file.
  public static func png(_ bytes: [UInt8]) -> String { "data:image/png;base64," + Data(bytes).base64EncodedString() }
}
