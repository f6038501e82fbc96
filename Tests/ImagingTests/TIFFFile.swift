/// An uncompressed TIFF file of 8 × 8 pixels in one strip by the camera `Box`, assembled byte by byte.
struct TIFFFile {
  /// Bits of a sample.
  let bits: Int
  /// Number of samples of a pixel.
  let samples: Int
  /// The photometric interpretation: 0 and 1 gray, 2 RGB, 3 a palette, 6 YCbCr, 8 L*a*b*.
  let photometric: Int

  var bytes: [UInt8] {
    let pixels = (0..<8 * 8 * samples * bits / 8).map { UInt8(truncatingIfNeeded: $0 * 31) }
    // Tag, type (3: 16 bits, 4: 32 bits), count, value or offset.
    var entries = [
      (256, 3, 1, 8), (257, 3, 1, 8), (258, 3, samples, samples > 2 ? Self.bitsOffset : bits), (259, 3, 1, 1),
      (262, 3, 1, photometric), (271, 2, 4, Self.make), (273, 4, 1, Self.pixelOffset), (277, 3, 1, samples),
      (278, 3, 1, 8),
      (279, 4, 1, pixels.count),
    ]
    if photometric == 3 { entries.append((320, 3, 3 << bits, Self.paletteOffset)) }
    // Chroma in every pixel.
    if photometric == 6 { entries.append((530, 3, 2, 1 << 16 | 1)) }
    var file = Array("II".utf8) + [42, 0] + Self.number(8, 4) + Self.number(entries.count, 2)
    for (tag, type, count, value) in entries {
      file += Self.number(tag, 2) + Self.number(type, 2) + Self.number(count, 4) + Self.number(value, 4)
    }
    file += [UInt8](repeating: 0, count: Self.bitsOffset - file.count)
    for _ in 0..<4 { file += Self.number(bits, 2) }
    file += [UInt8](repeating: 0, count: Self.paletteOffset - file.count)
    file += (0..<Self.pixelOffset - Self.paletteOffset).map { UInt8(truncatingIfNeeded: $0 * 7) }
    return file + pixels
  }

  /// The camera's make: `Box` and a zero.
  private static let make = 0x0078_6F42
  private static let bitsOffset = 200
  private static let paletteOffset = 256
  private static let pixelOffset = 256 + 2 * 3 * 256

  /// Returns a number in little-endian order.
  private static func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
    (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
