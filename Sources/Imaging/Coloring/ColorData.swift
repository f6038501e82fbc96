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
    bytes.reserveCapacity(16 + (hints == nil ? 11 : 23) * pixelCount)
    for number in [version, UInt32(chroma.width), UInt32(chroma.height)] { append(number, to: &bytes) }
    for value in chroma.values { for float in [value.x, value.y] { append(float.bitPattern, to: &bytes) } }
    bytes += small.bytes
    for value in hints?.values ?? [] {
      for float in [value.x, value.y, value.z] { append(float.bitPattern, to: &bytes) }
    }
    return bytes
  }

  private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
