/// The chroma of a small picture: CIELAB's a* and b* of each pixel.
public struct ChromaPlane: Sendable {
  let width: Int
  let height: Int
  /// `[height, width]` of (a*, b*).
  let values: [SIMD2<Float>]

  /// - Parameter colors: sRGB in 0...1, `[height, width, 3]`. What is no number counts as gray.
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
}
