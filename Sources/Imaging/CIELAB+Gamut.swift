extension CIELAB {
  /// In linear light; where sRGB has no such color, the most colorful one of the same lightness and hue that it has.
  ///
  /// A lightness of 0...100 is kept in any case: gray of it is a color of sRGB.
  var linearInGamut: SIMD3<Float> {
    let color = linear
    if Self.isInGamut(color) { return Self.clamped(color) }
    var (low, high): (Float, Float) = (0, 1)
    for _ in 0..<12 {
      let middle = (low + high) / 2
      if Self.isInGamut(faded(middle).linear) { low = middle } else { high = middle }
    }
    return Self.clamped(faded(low).linear)
  }

  private func faded(_ strength: Float) -> CIELAB { CIELAB(lightness: lightness, a: a * strength, b: b * strength) }

  /// As much may be missing as rounding makes.
  private static let slack: Float = 1e-6

  private static func isInGamut(_ color: SIMD3<Float>) -> Bool { color.min() >= -slack && color.max() <= 1 + slack }

  private static func clamped(_ color: SIMD3<Float>) -> SIMD3<Float> {
    color.clamped(lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 1))
  }
}
