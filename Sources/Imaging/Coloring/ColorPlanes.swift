/// The planes of a colored photograph at another size, from which a viewer computes the color of any strength: L*, and
/// a* and b* at the strength 1, not limited to the gamut of sRGB; where there are hints, also the a* and b* that they add
/// at any strength.
///
/// At a strength s the chroma of a pixel is s · (a*, b*) + (a*, b*) of the hints. Where that color is outside sRGB at the
/// pixel's L*, its chroma is reduced at the same hue, as in `CIELAB.linearInGamut`.
public struct ColorPlanes: Sendable {
  public let width: Int
  public let height: Int
  /// 3, or 5 with hints.
  public let channelCount: Int
  /// `[height, width, channelCount]`: L* in units of 100/65535, and a* and b* in units of 1/128, as bit patterns.
  public let values: [UInt16]

  /// - Parameters:
  ///   - image: The photograph at the size of the planes.
  ///   - chroma: The network's output with its contrast, at the strength 1.
  ///   - small: The photograph at the size of `chroma`.
  ///   - hints: The field of hints; nil for none.
  public init(_ image: RGBImage, chroma: ChromaPlane, small: RGBImage, hints: HintField?) {
    (width, height) = (image.width, image.height)
    let parts = hints?.parts(of: chroma)
    let planes = (parts.map { [$0.own, $0.hinted] } ?? [chroma]).map {
      GuidedChroma($0, guide: small, width: image.width, height: image.height)
    }
    channelCount = 1 + 2 * planes.count
    let (width, channelCount) = (image.width, channelCount)
    let lightness = image.lightness
    var values = [UInt16](repeating: 0, count: channelCount * width * image.height)
    values.withUnsafeMutableBufferPointer { values in
      // Every row is written by one thread only.
      nonisolated(unsafe) let values = values
      Parallel.forEach(image.height) { y in
        for x in 0..<width {
          let level = lightness[y * width + x] * 655.35
          values[(y * width + x) * channelCount] = UInt16(max(0, min(65_535, level.rounded())))
        }
        for (place, plane) in planes.enumerated() {
          plane.forEachPixel(ofRow: y) { x, chromaAt in
            let pixel = y * width + x
            let chroma = chromaAt(lightness[pixel])
            values[pixel * channelCount + 1 + 2 * place] = Self.fixed(chroma.x)
            values[pixel * channelCount + 2 + 2 * place] = Self.fixed(chroma.y)
          }
        }
      }
    }
    self.values = values
  }

  private static func fixed(_ value: Float) -> UInt16 {
    UInt16(bitPattern: Int16(max(-32_768, min(32_767, (value * 128).rounded()))))
  }
}
