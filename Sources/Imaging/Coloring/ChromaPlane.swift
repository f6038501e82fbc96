import Foundation

/// The chroma of a small image: CIELAB's a* and b* of each pixel.
public struct ChromaPlane: Sendable {
  let width: Int
  let height: Int
  /// `[height, width]` of (a*, b*).
  let values: [SIMD2<Float>]

  /// - Parameter colors: `[height, width, 3]`, sRGB in 0...1. Pixels with NaN count as gray.
  public init(colors: [Float], width: Int, height: Int) {
    precondition(width > 0 && height > 0 && colors.count == 3 * width * height, "colors are not [height, width, 3]")
    self.width = width
    self.height = height
    values = (0..<width * height).map { pixel in
      let color = CIELAB(red: colors[3 * pixel], green: colors[3 * pixel + 1], blue: colors[3 * pixel + 2])
      let chroma = SIMD2(color.a, color.b)
      return chroma.x.isFinite && chroma.y.isFinite ? chroma : .zero
    }
  }

  init(values: [SIMD2<Float>], width: Int, height: Int) {
    self.values = values
    self.width = width
    self.height = height
  }

  /// Returns a plane of the same size with other values.
  func replacingValues(_ values: [SIMD2<Float>]) -> ChromaPlane {
    ChromaPlane(values: values, width: width, height: height)
  }

  /// Returns the plane with a* and b* of each pixel multiplied by
  ///
  ///     strength · 2 / (1 + (C₀ / C)^contrast),   C = √(a*² + b*²),
  ///
  /// so that chroma below C₀ shrinks and chroma above it grows, at most by twice, the more so the higher the contrast.
  /// A network trained for the least error predicts the mean of the colors that it holds for possible. Where these
  /// differ, the mean is a faint brown, so faint colors are mostly unsure ones. With the contrast 0 and the strength 1
  /// the colors keep their bits.
  /// - Parameters:
  ///   - strength: not negative.
  ///   - contrast: not negative.
  public func adjusted(strength: Float, contrast: Float = 0) -> ChromaPlane {
    precondition(strength >= 0 && contrast >= 0, "the strength or the contrast is negative")
    let adjusted = values.map { chroma in
      guard contrast > 0 else { return chroma * strength }
      // 0 has an infinite quotient, and remains 0.
      let quotient = Self.keptChroma / (chroma * chroma).sum().squareRoot()
      return chroma * (2 * strength / (1 + pow(quotient, contrast)))
    }
    return ChromaPlane(values: adjusted, width: width, height: height)
  }

  /// C₀ of `adjusted`, the chroma that no contrast changes, in units of CIELAB. It was found by measuring, as
  /// docs/evaluate.md tells.
  private static let keptChroma: Float = 15

  /// Whether every pixel is gray.
  var isGray: Bool { values.allSatisfy { $0 == .zero } }
}
