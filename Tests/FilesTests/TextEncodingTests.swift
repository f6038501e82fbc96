import Files
import TestSupport
import Testing

@Suite("Encodings of text files")
struct TextEncodingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ bytes: [UInt8]) throws -> String {
    let path = "\(folder.path)/text"
    try AtomicFile.write(bytes, to: path)
    let text = try readText(path)
    #expect(try readOrdinaryText(path) == text)
    return text
  }

  @Test("A byte order mark is no part of a text")
  func byteOrderMark() throws {
    #expect(try text([0xEF, 0xBB, 0xBF, 0x61]) == "a")
    #expect(try text([0x61, 0xEF, 0xBB, 0xBF]) == "a\u{FEFF}")
    #expect(try text([0xEF, 0xBB, 0xBF]) == "" && text([]) == "")
    #expect(try text([0xFF, 0xFE]) == "" && text([0xFE, 0xFF]) == "")
    #expect(throws: FileError.self) { try readText("\(folder.path)/none") }
  }

  /// Returns the bytes of integers, the one of the least value first or last.
  private func bytes(_ units: some Collection<some FixedWidthInteger>, isBigEndian: Bool) -> [UInt8] {
    units.flatMap { unit in withUnsafeBytes(of: isBigEndian ? unit.bigEndian : unit.littleEndian) { Array($0) } }
  }

  @Test("UTF-16 and UTF-32 are read, with a byte order mark and without", arguments: [false, true])
  func wideEncodings(isBigEndian: Bool) throws {
    let expected = "{\n  \"data\": \"Größe/写真 👩‍🚀\"}\r\n"
    for marked in ["\u{FEFF}" + expected, expected] {
      #expect(try text(bytes(marked.utf16, isBigEndian: isBigEndian)) == expected)
      #expect(try text(bytes(marked.unicodeScalars.map(\.value), isBigEndian: isBigEndian)) == expected)
    }
    // A text of one character has too few bytes to show its encoding without a mark.
    #expect(try text(bytes("\u{FEFF}a".utf16, isBigEndian: isBigEndian)) == "a")
  }

  @Test(
    "Files that begin as UTF-16 or UTF-32 and go on otherwise are refused",
    arguments: [
      // Half a code unit, half a surrogate pair, and a number that is no code point.
      ([0xFF, 0xFE, 0x61], "UTF-16"), ([0xFE, 0xFF, 0xD8, 0x00, 0x00, 0x61], "UTF-16"),
      ([0x61, 0, 0x62, 0, 0x63], "UTF-16"),
      ([0xFF, 0xFE, 0, 0, 0, 0, 0x11, 0], "UTF-32"), ([0, 0, 0, 0x61, 0, 0], "UTF-32"),
    ] as [([UInt8], String)])
  func brokenText(bytes: [UInt8], encoding: String) throws {
    let path = "\(folder.path)/broken"
    try AtomicFile.write(bytes, to: path)
    let expected = FileError(
      path: path, problem: "cannot be read", reason: "it begins as a text in \(encoding) and is none; save it in UTF-8")
    #expect(throws: expected) { try readText(path) }
    #expect(throws: expected) { try readOrdinaryText(path) }
  }

  @Test("Bytes that are no UTF-8 are kept as those of a path")
  func otherBytes() throws {
    let name = Array("caf".utf8) + [0xE9]
    #expect(try text(Array("data: ".utf8) + name) == "data: " + String(pathBytes: name))
    // As such bytes were written by earlier versions.
    #expect(try text(Array("caf\u{10FEE9}".utf8)) == String(pathBytes: name))
  }
}
