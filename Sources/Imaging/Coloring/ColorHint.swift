/// A color that a user knows of a place of a photograph.
public struct ColorHint: Sendable, Hashable {
  /// The pixel, from the left and from the top of the upright photograph.
  public let x: Int
  public let y: Int
  /// Of which a* and b* are taken; the lightness stays the photograph's.
  public let color: RGBColor

  public init(x: Int, y: Int, color: RGBColor) {
    self.x = x
    self.y = y
    self.color = color
  }
}

/// The colors of hints, spread over a small copy of a photograph: each pixel gets a share of the hints' colors, and
/// keeps the rest of its own.
///
/// As in Levin, Lischinski and Weiss, "Colorization using optimization" (2004), neighbors of the same lightness get the
/// same color, and hints are kept exactly: the field minimizes
///
///     Σ w(r,s) (u(r) − u(s))² + λ Σ u(r)²,
///
/// over neighbors r and s, with u = 1 at hints for the share and u = the hint's a* and b* for the colors; w falls from
/// 1 to 0 as the neighbors' L* differ (`HintAffinity`). The second sum, which is not in the paper, is the weak pull of
/// the colors that are there already: a region without a hint keeps them, with all their detail. Without it a single
/// hint would color the whole photograph. Since u falls off as the logarithm of the distance from a point, the share is
/// sharpened: u³ (1 + c³) / (u³ + c³), which is nearly 1 in the hint's region and nearly 0 outside it.
public struct HintField: Sendable {
  let width: Int
  let height: Int
  /// `[height, width]` of the share in 0...1, and of the hints' a* and b* multiplied by it.
  let values: [SIMD3<Float>]

  /// λ times the number of pixels.
  private static let pull: Float = 5
  /// c, the u whose share is a half.
  private static let middle: Float = 0.2

  /// - Parameters:
  ///   - hints: Pixels of a photograph of `photographWidth` × `photographHeight`; those outside count as at its edge.
  ///     Of several at a pixel of the small copy, the last one counts.
  ///   - guide: The photograph's small copy.
  public init(_ hints: [ColorHint], guide: RGBImage, photographWidth: Int, photographHeight: Int) {
    width = guide.width
    height = guide.height
    let fixed = hints.map { hint in
      let color = CIELAB(
        red: Float(hint.color.red) / 255, green: Float(hint.color.green) / 255, blue: Float(hint.color.blue) / 255)
      return HintGrid.Fixed(
        x: (Float(hint.x) + 0.5) / Float(photographWidth), y: (Float(hint.y) + 0.5) / Float(photographHeight),
        value: SIMD4(1, color.a, color.b, 0))
    }
    let lightness = guide.lightness
    values = HintGrid.solution(
      lightness, width: width, height: height, fixed: fixed, pull: Self.pull / Float(width * height)
    ).map(Self.sharpened)
  }

  init(values: [SIMD3<Float>], width: Int, height: Int) {
    self.values = values
    self.width = width
    self.height = height
  }

  /// Returns the share and the colors multiplied by it, of those that the optimization finds.
  private static func sharpened(_ value: SIMD4<Float>) -> SIMD3<Float> {
    // Below the share of one step of a color.
    guard value.x > 1e-3 else { return .zero }
    let cube = min(value.x * value.x * value.x, 1)
    let limit = middle * middle * middle
    let share = cube * (1 + limit) / (cube + limit)
    return SIMD3(share, value.y / value.x * share, value.z / value.x * share)
  }

  /// Returns a plane of the same size with the hints' colors.
  public func applied(to plane: ChromaPlane) -> ChromaPlane {
    precondition(plane.width == width && plane.height == height, "the plane has another size than the hints")
    return plane.replacingValues(zip(plane.values, values).map { $0 * (1 - $1.x) + SIMD2($1.y, $1.z) })
  }
}

extension RGBImage {
  /// L* of each pixel.
  var lightness: [Float] {
    (0..<width * height).map { pixel in
      CIELAB.lightness(
        ofLinear: SIMD3(
          SRGB.linearOfBytes[Int(bytes[3 * pixel])], SRGB.linearOfBytes[Int(bytes[3 * pixel + 1])],
          SRGB.linearOfBytes[Int(bytes[3 * pixel + 2])]))
    }
  }
}
