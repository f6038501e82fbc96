/// The chroma of a picture as a function of its lightness, and how far its colors are from that function.
///
/// The colors of a gray, sepia or otherwise toned picture follow from its lightness alone: they lie on a curve a*(L*),
/// b*(L*). Those of a color photograph do not.
public struct TonalCurve: Sendable {
  /// Root mean square of the colors' distance from the curve along the direction in which they leave it most.
  let mainResidual: Double
  /// The same perpendicular to that direction.
  let crossResidual: Double
  /// Root mean square of the chroma √(a*² + b*²).
  let chroma: Double

  /// Largest width and height at which a picture is examined. The reduction removes the errors of JPEG, which stores
  /// chroma at half the resolution.
  private static let largestSide = 32
  /// Number of intervals of L* between whose ends the curve is linear.
  private static let intervalCount = 16

  /// Fits the curve to the colors of a picture: at each multiple of 6.25 of L* the mean of a* and b*, weighted by the
  /// distance in L*, linear between.
  public init(of picture: RGBImage) {
    let small = picture.resized(
      width: min(picture.width, Self.largestSide), height: min(picture.height, Self.largestSide))
    let colors = (0..<small.width * small.height).map { pixel in
      let first = 3 * pixel
      return CIELAB(
        linear: SIMD3(
          SRGB.linearOfBytes[Int(small.bytes[first])], SRGB.linearOfBytes[Int(small.bytes[first + 1])],
          SRGB.linearOfBytes[Int(small.bytes[first + 2])]))
    }
    let places = colors.map { color in
      min(max(Double(color.lightness) / 100, 0), 1) * Double(Self.intervalCount)
    }
    var sums = [SIMD2<Double>](repeating: .zero, count: Self.intervalCount + 1)
    var weights = [Double](repeating: 0, count: Self.intervalCount + 1)
    for (color, place) in zip(colors, places) {
      let (low, fraction) = Self.interval(of: place)
      sums[low] += Self.chroma(of: color) * (1 - fraction)
      sums[low + 1] += Self.chroma(of: color) * fraction
      weights[low] += 1 - fraction
      weights[low + 1] += fraction
    }
    let means = zip(sums, weights).map { sum, weight in weight > 0 ? sum / weight : .zero }

    // The covariance matrix of the residuals; its eigenvalues are the mean squares along and across the main direction.
    var (squaresA, squaresB, products, squaresOfChroma) = (0.0, 0.0, 0.0, 0.0)
    for (color, place) in zip(colors, places) {
      let (low, fraction) = Self.interval(of: place)
      let own = Self.chroma(of: color)
      let residual = own - (means[low] * (1 - fraction) + means[low + 1] * fraction)
      squaresA += residual.x * residual.x
      squaresB += residual.y * residual.y
      products += residual.x * residual.y
      squaresOfChroma += (own * own).sum()
    }
    let count = Double(colors.count)
    let mean = (squaresA + squaresB) / 2
    let difference = (squaresA - squaresB) / 2
    let radius = (difference * difference + products * products).squareRoot()
    mainResidual = ((mean + radius) / count).squareRoot()
    crossResidual = (max(0, mean - radius) / count).squareRoot()
    chroma = (squaresOfChroma / count).squareRoot()
  }

  private static func interval(of place: Double) -> (low: Int, fraction: Double) {
    let low = min(Int(place), intervalCount - 1)
    return (low, place - Double(low))
  }

  private static func chroma(of color: CIELAB) -> SIMD2<Double> { SIMD2(Double(color.a), Double(color.b)) }

  /// The distance of the colors from the curve, in units of a* and b*. Along the main direction a tenth of the chroma,
  /// at most 1.5, is not counted: where light and dark parts are averaged, the colors of a strong tone leave the curve
  /// in the direction of the tone.
  var distance: Double {
    let main = max(0, mainResidual - min(chroma / 10, 1.5))
    return (main * main + crossResidual * crossResidual).squareRoot()
  }

  /// The distance below which a picture counts as gray or toned; measured (docs/data.md).
  private static let threshold = 1.35

  /// Whether the picture is gray or toned, so that it holds no colors to learn.
  public var isGrayOrToned: Bool { distance < Self.threshold }
}
