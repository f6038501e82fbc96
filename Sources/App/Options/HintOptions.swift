import ArgumentParser
import Files
import Imaging

/// The options `--hint` and `--hints`.
struct HintOptions: ParsableArguments {
  @Option(
    name: .customLong("hint"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      A known color: the pixel at x, y of the upright picture, from its top left corner, and what is about it in one \
      piece get this color; may be given several times.
      """,
      valueName: "x,y,#rrggbb"))
  var hints: [ColorHint] = []
  @Option(
    name: .customLong("hints"), parsing: .unconditional,
    help: ArgumentHelp("A file of known colors, one a line, as --hint has them.", valueName: "file"),
    completion: .file())
  var file: String?

  /// Whether either option is given.
  var isGiven: Bool { !hints.isEmpty || file != nil }

  /// Most hints of a picture.
  static let countLimit = 1000
  /// Largest size of a file of hints, in bytes.
  private static let fileLimit = 1 << 20

  /// Returns the hints of both options, those of the command line last, where they win.
  /// - Throws: `FileError`; `ValidationError` where a line of the file is no hint, or there are too many.
  func load() throws -> [ColorHint] {
    var all: [ColorHint] = []
    if let file {
      let text = try readText(file, limit: Self.fileLimit)
      for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
        let line = line.drop(while: \.isWhitespace)
        if line.isEmpty || line.first == "#" { continue }
        guard let hint = ColorHint(argument: String(line)) else {
          throw ValidationError(
            "--hints \(file): line \(number + 1) is no hint, which is x,y,#rrggbb: a pixel and a color.")
        }
        all.append(hint)
      }
    }
    all += hints
    guard all.count <= Self.countLimit else {
      throw ValidationError("--hint: \(Format.count(all.count)) hints are more than \(Format.count(Self.countLimit)).")
    }
    return all
  }
}

extension ColorHint: ExpressibleByArgument {
  /// Creates a hint from `x,y,#rrggbb`; the `#`, which a shell may take for itself, may be left out.
  public init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { part in
      String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
    guard parts.count == 3, let x = Int(parts[0]), let y = Int(parts[1]), x >= 0, y >= 0,
      let color = RGBColor(hexadecimal: parts[2])
    else { return nil }
    self.init(x: x, y: y, color: color)
  }
}

extension RGBColor {
  /// Creates a color from `#rrggbb` or `rrggbb`.
  init?(hexadecimal text: String) {
    let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
    guard digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
      return nil
    }
    self.init(
      red: UInt8(truncatingIfNeeded: value >> 16), green: UInt8(truncatingIfNeeded: value >> 8),
      blue: UInt8(truncatingIfNeeded: value))
  }

  /// The color as `#rrggbb`.
  var hexadecimal: String {
    let digits = String(UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue), radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}

/// A hint that is outside its picture. `description` is one line.
struct MisplacedHint: Error, CustomStringConvertible {
  let description: String

  /// Nil where all hints are inside.
  init?(_ hints: [ColorHint], in photograph: Photograph, named name: String) {
    guard let hint = hints.first(where: { $0.x >= photograph.width || $0.y >= photograph.height }) else { return nil }
    description =
      "\(name): the hint \(hint.x),\(hint.y),\(hint.color.hexadecimal) is outside the picture, which has "
      + "\(photograph.width)×\(photograph.height) pixels when it is upright"
  }
}
