/// The numbers from which a viewer computes the colors of a photograph at any strength, contrast and size, as
/// `ColorPrediction.colored` does: the predicted chroma, its guide, and the colors of hints.
public enum ColorData {
  /// The version of the form, in the bytes.
  private static let version: UInt32 = 1

  /// Returns the numbers as bytes, all little-endian: `RCCH`, the version, the width and the height, each in 4 bytes;
  /// a* and b* of each pixel as 32-bit floats; red, green and blue of each pixel of the guide; and, with hints, three
  /// 32-bit floats a pixel: their share, and their a* and b* multiplied by it.
  /// - Parameters:
  ///   - chroma: As predicted.
  ///   - small: The photograph at the size of `chroma`.
  ///   - hints: The field of hints; nil for none.
  public static func bytes(chroma: ChromaPlane, small: RGBImage, hints: HintField?) -> [UInt8] {
    var bytes = Array("RCCH".utf8)
    let pixelCount = chroma.width * chroma.height
    bytes.reserveCapacity(byteCount(pixelCount: pixelCount))
    for number in [version, UInt32(chroma.width), UInt32(chroma.height)] { append(number, to: &bytes) }
    for value in chroma.values { for float in [value.x, value.y] { append(float.bitPattern, to: &bytes) } }
    bytes += small.bytes
    for value in hints?.values ?? [] {
      for float in [value.x, value.y, value.z] { append(float.bitPattern, to: &bytes) }
    }
    return bytes
  }

  /// Bytes of the numbers of so many pixels, with the colors of hints.
  public static func byteCount(pixelCount: Int) -> Int { headByteCount + (pixelByteCount + hintByteCount) * pixelCount }

  /// Returns what `bytes` was made of; nil where it is none of these.
  public static func parts(of bytes: [UInt8]) -> (chroma: ChromaPlane, small: RGBImage, hints: HintField?)? {
    guard bytes.starts(with: Array("RCCH".utf8)), bytes.count >= headByteCount,
      number(1, of: bytes) == version
    else { return nil }
    let (width, height) = (Int(number(2, of: bytes)), Int(number(3, of: bytes)))
    let (pixelCount, isTooLarge) = width.multipliedReportingOverflow(by: height)
    guard !isTooLarge, pixelCount > 0, pixelCount <= bytes.count / pixelByteCount else { return nil }
    let isHinted = bytes.count == byteCount(pixelCount: pixelCount)
    guard isHinted || bytes.count == headByteCount + pixelByteCount * pixelCount else { return nil }
    // In 4 bytes each.
    let first = headByteCount / 4
    let chroma = (0..<pixelCount).map { pixel in
      SIMD2(float(first + 2 * pixel, of: bytes), float(first + 2 * pixel + 1, of: bytes))
    }
    let guideStart = headByteCount + 8 * pixelCount
    let guide = Array(bytes[guideStart..<guideStart + 3 * pixelCount])
    let hints = isHinted ? Array(bytes[(guideStart + 3 * pixelCount)...]) : []
    let field = (0..<hints.count / hintByteCount).map { pixel in
      SIMD3(float(3 * pixel, of: hints), float(3 * pixel + 1, of: hints), float(3 * pixel + 2, of: hints))
    }
    return (
      ChromaPlane(values: chroma, width: width, height: height), RGBImage(width: width, height: height, bytes: guide),
      isHinted ? HintField(values: field, width: width, height: height) : nil
    )
  }

  private static let headByteCount = 16
  /// Bytes of a pixel's chroma and guide, and those of its hints.
  private static let pixelByteCount = 11
  private static let hintByteCount = 12

  /// Returns the number in the four bytes from `4 * index` on.
  private static func number(_ index: Int, of bytes: [UInt8]) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
  }

  private static func float(_ index: Int, of bytes: [UInt8]) -> Float { Float(bitPattern: number(index, of: bytes)) }

  private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
