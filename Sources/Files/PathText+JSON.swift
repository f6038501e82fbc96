/// Paths in JSON, which is UTF-8: the bytes that are none are written as the surrogates `\udc80` to `\udcff`, as
/// Python's `os.fsdecode` and `json` write them. Without a partner before them, they stand for no character.
extension String {
  /// JSON with the code points of `String.init(pathBytes:)` in its strings as such escapes.
  public var escapingPathBytes: String {
    guard holdsPathBytes else { return self }
    return unicodeScalars.reduce(into: "") { json, scalar in
      if let byte = scalar.pathByte {
        json += "\\udc" + String(byte, radix: 16)
      } else {
        json.unicodeScalars.append(scalar)
      }
    }
  }

  /// JSON with such escapes in its strings as the code points of `String.init(pathBytes:)`.
  public var restoringPathBytes: String {
    var json: [UInt8] = []
    var rest = Array(utf8)[...]
    var isAfterHighSurrogate = false
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        json.append(byte)
        isAfterHighSurrogate = false
        continue
      }
      let unit = Self.codeUnit(ofEscape: rest)
      if let unit, !isAfterHighSurrogate, (0xDC80...0xDCFF).contains(unit) {
        json += Array(String(Unicode.Scalar(standingFor: UInt8(unit & 0xFF))).utf8)
        rest = rest.dropFirst(5)
      } else {
        // The escape as it is: a backslash in it does not begin another.
        let length = unit == nil ? 1 : 5
        json.append(byte)
        json += rest.prefix(length)
        rest = rest.dropFirst(length)
      }
      isAfterHighSurrogate = unit.map { (0xD800...0xDBFF).contains($0) } ?? false
    }
    return String(decoding: json, as: UTF8.self)
  }

  /// Returns the UTF-16 code unit of an escape sequence of JSON, given the text after its backslash: `uXXXX`; nil for
  /// other escapes.
  private static func codeUnit(ofEscape bytes: ArraySlice<UInt8>) -> UInt16? {
    let digits = bytes.dropFirst().prefix(4)
    guard bytes.first == UInt8(ascii: "u"), digits.count == 4, digits.allSatisfy(isHexDigit) else { return nil }
    return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }
}
