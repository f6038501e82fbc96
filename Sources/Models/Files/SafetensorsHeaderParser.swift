/// A parser of the JSON of safetensors headers, and of no other JSON.
///
/// A general JSON library keeps one of two equal names, which would hide a tensor that is there twice; this parser
/// reads every name. It does not recurse, so a maliciously nested header cannot exhaust the stack.
struct SafetensorsHeaderParser {
  /// A tensor as the header describes it, not yet checked against the file.
  struct ParsedTensor {
    var name: String
    var dataType: String
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  private let bytes: [UInt8]
  private let path: String
  private var position = 0

  init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  mutating func parse() throws(SafetensorsError) -> (metadata: [String: String], tensors: [ParsedTensor]) {
    // The format requires the brace at the start, so that a header can be distinguished from other data.
    guard bytes.first == UInt8(ascii: "{") else { throw malformed("not a JSON object") }
    var metadata: [String: String] = [:]
    var tensors: [ParsedTensor] = []
    var names: Set<String> = []
    position = 1
    var more = !skip("}")
    while more {
      let name = try parseString()
      guard names.insert(name).inserted else {
        throw SafetensorsError(path: path, tensor: name, problem: .duplicateName)
      }
      try expect(":")
      if name == SafetensorsLayout.metadataName {
        metadata = try parseMetadata()
      } else {
        tensors.append(try parseTensor(name: name))
      }
      more = try continues(until: "}")
    }
    skipWhitespace()
    guard position == bytes.count else { throw malformed("something follows the JSON object") }
    return (metadata, tensors)
  }

  private mutating func parseMetadata() throws(SafetensorsError) -> [String: String] {
    var metadata: [String: String] = [:]
    try expect("{")
    var more = !skip("}")
    while more {
      let name = try parseString()
      try expect(":")
      let value = try parseString()
      guard metadata.updateValue(value, forKey: name) == nil else {
        throw malformed("metadata has \(String(reflecting: name)) twice")
      }
      more = try continues(until: "}")
    }
    return metadata
  }

  private mutating func parseTensor(name: String) throws(SafetensorsError) -> ParsedTensor {
    var dataType: String?
    var shape: [Int]?
    var offsets: [Int]?
    try expect("{")
    var more = !skip("}")
    while more {
      let key = try parseString()
      try expect(":")
      switch key {
      case "dtype" where dataType == nil: dataType = try parseString()
      case "shape" where shape == nil: shape = try parseIntegers()
      case "data_offsets" where offsets == nil: offsets = try parseIntegers()
      default: throw malformed("tensor \(String(reflecting: name)) has a superfluous \(String(reflecting: key))")
      }
      more = try continues(until: "}")
    }
    guard let dataType, let shape, let offsets, offsets.count == 2 else {
      throw malformed("tensor \(String(reflecting: name)) lacks its dtype, its shape or two data_offsets")
    }
    return ParsedTensor(name: name, dataType: dataType, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private mutating func parseIntegers() throws(SafetensorsError) -> [Int] {
    var values: [Int] = []
    try expect("[")
    var more = !skip("]")
    while more {
      values.append(try parseInteger())
      more = try continues(until: "]")
    }
    return values
  }

  private mutating func parseInteger() throws(SafetensorsError) -> Int {
    skipWhitespace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = Int(bytes[position]) - 0x30, (0...9).contains(digit) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, overflowAgain) = tens.addingReportingOverflow(digit)
      guard !overflow, !overflowAgain else { throw malformed("a number is too large") }
      value = next
      position += 1
    }
    guard position > start, position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
      throw malformed("a whole number of zero or more is needed")
    }
    return value
  }

  private mutating func parseString() throws(SafetensorsError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw malformed("a string is not UTF-8") }
        return string
      case UInt8(ascii: "\\"):
        position += 1
        text.append(contentsOf: String(try parseEscape()).utf8)
      case 0..<0x20: throw malformed("a control character in a string")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw malformed("a string does not end")
  }

  /// Parses an escape sequence after its backslash.
  private mutating func parseEscape() throws(SafetensorsError) -> Unicode.Scalar {
    guard position < bytes.count else { throw malformed("a string does not end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try parseHexadecimal()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      // A character beyond the first 65,536 is a pair of surrogates.
      guard (0xd800..<0xdc00).contains(unit), position + 1 < bytes.count,
        bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
      else { throw malformed("half a surrogate pair") }
      position += 2
      let low = try parseHexadecimal()
      guard (0xdc00..<0xe000).contains(low),
        let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
      else { throw malformed("half a surrogate pair") }
      return scalar
    default: throw malformed("an unknown escape in a string")
    }
  }

  private mutating func parseHexadecimal() throws(SafetensorsError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw malformed("a string does not end") }
    var value: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw malformed("an unknown escape") }
      value = value << 4 | UInt32(digit)
    }
    position += 4
    return value
  }

  /// Parses the comma or the end after a member or element; returns whether another one follows.
  private mutating func continues(until end: Unicode.Scalar) throws(SafetensorsError) -> Bool {
    if skip(",") { return true }
    try expect(end)
    return false
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
    guard skip(character) else { throw malformed("'\(character)' is missing") }
  }

  /// Steps over white space and then over `character`, if it is there.
  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipWhitespace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipWhitespace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  private func malformed(_ reason: String) -> SafetensorsError {
    SafetensorsError(path: path, problem: .malformedHeader(reason: reason, offset: position))
  }
}
