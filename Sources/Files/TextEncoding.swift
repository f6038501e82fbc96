/// An encoding of Unicode in which text files are read. They are written in UTF-8.
struct TextEncoding {
  private let name: String
  /// The bytes of U+FEFF, which many editors put in front of a text.
  private let mark: [UInt8]
  /// Which of the first four bytes are zero in a text without the mark: it begins with two characters of ASCII (RFC
  /// 4627, section 3).
  private let zeros: [Bool]
  private let decode: @Sendable (ArraySlice<UInt8>) -> String?

  private static let utf8 = TextEncoding(name: "UTF-8", mark: [0xEF, 0xBB, 0xBF], zeros: []) { bytes in
    // Bytes that are no UTF-8 are kept as those of a path, which they may be of.
    String(validating: bytes, as: UTF8.self) ?? String(pathBytes: bytes)
  }

  /// Those of longer units come first, since the mark of one begins with that of another.
  private static let wide = [
    TextEncoding(name: "UTF-32", mark: [0xFF, 0xFE, 0, 0], zeros: [false, true, true, true]) { bytes in
      units(of: bytes) { UInt32(littleEndian: $0) }.flatMap { String(validating: $0, as: UTF32.self) }
    },
    TextEncoding(name: "UTF-32", mark: [0, 0, 0xFE, 0xFF], zeros: [true, true, true, false]) { bytes in
      units(of: bytes) { UInt32(bigEndian: $0) }.flatMap { String(validating: $0, as: UTF32.self) }
    },
    TextEncoding(name: "UTF-16", mark: [0xFF, 0xFE], zeros: [false, true, false, true]) { bytes in
      units(of: bytes) { UInt16(littleEndian: $0) }.flatMap { String(validating: $0, as: UTF16.self) }
    },
    TextEncoding(name: "UTF-16", mark: [0xFE, 0xFF], zeros: [true, false, true, false]) { bytes in
      units(of: bytes) { UInt16(bigEndian: $0) }.flatMap { String(validating: $0, as: UTF16.self) }
    },
  ]

  /// Returns the code units of a text, each made from the integer whose bytes in memory are those of the text; nil
  /// where the last one is incomplete.
  private static func units<Unit: FixedWidthInteger>(
    of bytes: ArraySlice<UInt8>, _ unit: (Unit) -> Unit
  ) -> [Unit]? {
    let length = MemoryLayout<Unit>.size
    guard bytes.count.isMultiple(of: length) else { return nil }
    return bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: length).map { unit(bytes.loadUnaligned(fromByteOffset: $0, as: Unit.self)) }
    }
  }

  /// Returns the text of a file, without the mark.
  /// - Parameter path: The file's.
  /// - Throws: `FileError` where the bytes begin as a text in UTF-16 or UTF-32 and are none.
  static func text(of bytes: [UInt8], in path: String) throws(FileError) -> String {
    let zeros = bytes.prefix(4).map { $0 == 0 }
    let encoding =
      wide.first { bytes.starts(with: $0.mark) } ?? wide.first { $0.zeros == zeros } ?? utf8
    let markLength = bytes.starts(with: encoding.mark) ? encoding.mark.count : 0
    guard let text = encoding.decode(bytes.dropFirst(markLength)) else {
      throw FileError(
        path: path, problem: "cannot be read",
        reason: "it begins as a text in \(encoding.name) and is none; save it in UTF-8")
    }
    return text
  }
}
