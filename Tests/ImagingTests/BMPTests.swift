import Testing

@testable import Imaging

@Suite("BMP files")
struct BMPTests {
  private static let (width, height) = (5, 3)

  private let image = RGBImage(width: 5, height: 3, bytes: (0..<45).map { (index: Int) -> UInt8 in UInt8(index * 5) })

  private func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// Returns a file of 5 × 3 pixels.
  /// - Parameters:
  ///   - rows: From the bottom to the top, or the other way around.
  ///   - tables: The masks and the palette.
  private func file(
    _ bits: Int, _ rows: [[UInt8]], tables: [UInt8] = [], compression: Int = 0, isTopDown: Bool = false
  ) -> [UInt8] {
    let pixels = rows.flatMap { $0 + [UInt8](repeating: 0, count: (4 - $0.count % 4) % 4) }
    let offset = 54 + tables.count
    var bytes = Array("BM".utf8) + number(offset + pixels.count, 4) + number(0, 4) + number(offset, 4)
    bytes += number(40, 4) + number(Self.width, 4) + number(isTopDown ? -Self.height : Self.height, 4)
    bytes += number(1, 2) + number(bits, 2) + number(compression, 4) + number(pixels.count, 4) + number(0, 16)
    return bytes + tables + pixels
  }

  /// Returns the rows from the top to the bottom, of the bytes that `body` returns for a pixel.
  private func rows(_ body: (_ color: RGBColor, _ index: Int) -> [UInt8]) -> [[UInt8]] {
    (0..<Self.height).map { y in (0..<Self.width).flatMap { x in body(image[x, y], y * Self.width + x) } }
  }

  /// - Parameter padding: Number of bytes behind the last row's pixels, which may be missing.
  private func expect(_ bytes: [UInt8], padding: Int, _ name: String) throws {
    let photograph = try Photograph(encoded: bytes, name: name)
    #expect(photograph.rgbImage == image && photograph.remarks.isEmpty, "\(name)")
    for length in 0..<bytes.count - padding {
      #expect(throws: ImageError.self) { try Photograph(encoded: Array(bytes[..<length]), name: name) }
    }
    for length in bytes.count - padding..<bytes.count {
      let photograph = try Photograph(encoded: Array(bytes[..<length]), name: name)
      #expect(photograph.rgbImage == image, "\(name)")
      #expect(photograph.remarks == ["its end is missing, but none of its pixels"], "\(name)")
    }
  }

  @Test("Of files that are cut, those whose first row is the top one are read as far as they go")
  func cutFiles() throws {
    let three = rows { color, _ in [color.blue, color.green, color.red] }
    let whole = file(24, three, isTopDown: true)
    for length in 54..<whole.count - 1 {
      let cut = Array(whole[..<length])
      // Rows of 15 bytes, padded to 16.
      let rowCount = (length - 54 + 1) / 16
      if rowCount == 0 {
        #expect(throws: ImageError.self) { try Photograph(encoded: cut, name: "cut", isPartAccepted: true) }
        continue
      }
      #expect(
        throws: ImageError.incomplete(
          path: "cut", format: "BMP", found: "only the first \(rowCount) of 3 rows are there")
      ) { try Photograph(encoded: cut, name: "cut") }
      let part = try Photograph(encoded: cut, name: "cut", isPartAccepted: true)
      #expect(part.height == rowCount && part.rgbImage.bytes == Array(image.bytes.prefix(15 * rowCount)))
    }
    let upward = file(24, three.reversed()).dropLast(2)
    #expect {
      try Photograph(encoded: Array(upward), name: "cut", isPartAccepted: true)
    } throws: { "\($0)".contains("begin at the bottom") }
  }

  @Test("Colors of 24 and 32 bits, in both orders of rows")
  func colors() throws {
    let three = rows { color, _ in [color.blue, color.green, color.red] }
    try expect(file(24, three.reversed()), padding: 1, "24 bits")
    try expect(file(24, three, isTopDown: true), padding: 1, "24 bits, top row first")
    try expect(
      file(32, rows { color, _ in [color.blue, color.green, color.red, 0] }.reversed()), padding: 0, "32 bits")
  }

  @Test("Masks place the channels")
  func masks() throws {
    let masks = number(0xFF, 4) + number(0xFF00, 4) + number(0xFF_0000, 4)
    let pixels = rows { color, _ in [color.red, color.green, color.blue, 0] }
    try expect(file(32, pixels.reversed(), tables: masks, compression: 3), padding: 0, "red first")
    let white = [[UInt8]](repeating: [UInt8](repeating: 0xFF, count: 10), count: 3)
    #expect(try RGBImage(encoded: file(16, white), name: "16 bits") == RGBImage(width: 5, height: 3, color: .white))
  }

  @Test("Palettes of 8 and 4 bits")
  func palettes() throws {
    let palette = rows { color, _ in [color.blue, color.green, color.red, 0] }.flatMap(\.self) + [0, 0, 0, 0]
    try expect(
      file(8, rows { _, index in [UInt8(index)] }.reversed(), tables: palette + [UInt8](repeating: 0, count: 960)),
      padding: 3, "8 bits")
    let nibbles = (0..<3).map { y -> [UInt8] in
      let first = UInt8(5 * y)
      return [first << 4 | (first + 1), (first + 2) << 4 | (first + 3), (first + 4) << 4]
    }
    try expect(file(4, nibbles.reversed(), tables: palette), padding: 1, "4 bits")
  }

  @Test("Damaged files are safe")
  func damagedFilesAreSafe() throws {
    let whole = file(24, rows { color, _ in [color.blue, color.green, color.red] })
    DamagedFiles.expectSafety(of: whole, named: "damaged", values: { [0x00, 0x7F, 0xFF, $0 ^ 1, $0 &+ 1] })
    #expect(throws: ImageError.self) {
      try Photograph(encoded: file(8, [[0, 1], [0, 1], [0, 1]], compression: 1), name: "run-length coding")
    }
  }
}
