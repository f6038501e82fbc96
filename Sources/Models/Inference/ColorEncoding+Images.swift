import Imaging
import Runtime

extension ColorEncoding {
  /// Encodes the gray input of a network for an image: `[height, width]`.
  func gray(of image: RGBImage) -> [Float] {
    image.bytes.withUnsafeBufferPointer { bytes in
      (0..<image.width * image.height).map { pixel in
        let (red, green, blue) = (Float(bytes[3 * pixel]), Float(bytes[3 * pixel + 1]), Float(bytes[3 * pixel + 2]))
        return switch self {
        case .rgb(let scale, let shift): (red + green + blue) / 3 * scale + shift
        case .lab: CIELAB(red: red / 255, green: green / 255, blue: blue / 255).lightness / Self.labLightnessScale - 1
        }
      }
    }
  }

  /// Decodes the output of a network to red, green and blue in 0...1; values outside are clipped, as in an image file.
  /// - Parameters:
  ///   - output: `[pixels, colorChannels]`
  ///   - gray: the input of the network, `[pixels]`; read in CIELAB alone.
  /// - Returns: `[pixels, 3]`
  func colors(fromOutput output: [Float], gray: [Float]) -> [Float] {
    switch self {
    case .rgb(let scale, let shift):
      let (factor, offset) = (1 / (255 * scale), -shift / (255 * scale))
      // For the ranges of the study both are exact: 1 and 0, 0.5 and 0.5.
      return output.map { min(max($0 * factor + offset, 0), 1) }
    case .lab:
      return [Float](unsafeUninitializedCapacity: 3 * gray.count) { colors, count in
        for pixel in gray.indices {
          let color = CIELAB(
            lightness: (gray[pixel] + 1) * Self.labLightnessScale, a: output[2 * pixel] * Self.labChromaScale,
            b: output[2 * pixel + 1] * Self.labChromaScale
          ).clippedRGB
          for channel in 0..<3 { colors[3 * pixel + channel] = color[channel] }
        }
        count = 3 * gray.count
      }
    }
  }
}
