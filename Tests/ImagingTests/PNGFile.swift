/// An uncompressed PNG file, assembled byte by byte so that it may be invalid.
struct PNGFile {
  let width: Int
  let height: Int
  var bitDepth: UInt8 = 8
  /// 0: gray, 2: RGB, 4: gray with alpha, 6: RGB with alpha.
  let colorType: UInt8
  /// Complete chunks before the pixels.
  var extra: [UInt8] = []

  /// Returns the file, with fewer than `height` rows where it is to be invalid.
  func bytes(rows: [[UInt8]]) -> [UInt8] {
    let header = Self.number(width) + Self.number(height) + [bitDepth, colorType, 0, 0, 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.chunk("IHDR", header) + extra
      + Self.chunk("IDAT", Self.stored(rows.flatMap { [0] + $0 })) + Self.chunk("IEND", [])
  }

  /// Returns a chunk with its length and checksum.
  static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
    let content = Array(kind.utf8) + body
    var checksum = UInt32.max
    for byte in content {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum & 1 == 1 ? 0xEDB8_8320 ^ (checksum >> 1) : checksum >> 1 }
    }
    return number(body.count) + content + number(Int(~checksum))
  }

  /// Returns four bytes in big-endian order.
  static func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

  /// Returns a zlib stream (RFC 1950) of stored blocks.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var (sum, sumOfSums) = (1, 0)
    for byte in bytes {
      sum = (sum + Int(byte)) % 65_521
      sumOfSums = (sumOfSums + sum) % 65_521
    }
    for first in stride(from: 0, to: bytes.count, by: 65_535) {
      let block = bytes[first..<min(first + 65_535, bytes.count)]
      let length = [UInt8(block.count & 255), UInt8(block.count >> 8)]
      stream += [block.endIndex == bytes.count ? 1 : 0] + length + length.map(~) + block
    }
    return stream + number(sumOfSums << 16 | sum)
  }
}
