import Glibc

/// Returns the color difference CIEDE2000, ΔE₀₀ of CIE 142-2001, with all three weights 1, by the formulas of Sharma,
/// Wu and Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary test data, and
/// mathematical observations" (2005). A difference of about 1 is just noticeable.
///
/// Agrees with scikit-image's `deltaE_ciede2000`. The mean and the difference of the hues are computed from the vectors
/// (a*, b*) instead of two angles, which leaves one of three trigonometric calls per pair.
public func colorDifference(_ first: CIELAB, _ second: CIELAB) -> Double {
  let (a1, b1) = (Double(first.a), Double(first.b))
  let (a2, b2) = (Double(second.a), Double(second.b))
  let meanChroma = ((a1 * a1 + b1 * b1).squareRoot() + (a2 * a2 + b2 * b2).squareRoot()) / 2
  // a' = (1 + G) a*: a* is stretched for colors near gray.
  let stretch = 1 + 0.5 * (1 - seventhPowerWeight(meanChroma))
  let (x1, x2) = (a1 * stretch, a2 * stretch)
  let chroma1 = (x1 * x1 + b1 * b1).squareRoot()
  let chroma2 = (x2 * x2 + b2 * b2).squareRoot()

  let lightnessDifference = Double(second.lightness) - Double(first.lightness)
  let chromaDifference = chroma2 - chroma1
  // 2 √(C₁C₂) sin(Δh / 2), whose square is 2 (C₁C₂ − C₁C₂ cos Δh) and whose sign is that of sin Δh.
  let hueMagnitude = max(0, 2 * (chroma1 * chroma2 - x1 * x2 - b1 * b2)).squareRoot()
  let hueDifference = x1 * b2 < x2 * b1 ? -hueMagnitude : hueMagnitude

  let hue = MeanHue(x1, b1, chroma1, x2, b2, chroma2)
  let lightness = (Double(first.lightness) + Double(second.lightness)) / 2 - 50
  let chroma = (chroma1 + chroma2) / 2
  let lightnessScale = 1 + 0.015 * lightness * lightness / (20 + lightness * lightness).squareRoot()
  let chromaScale = 1 + 0.045 * chroma
  let hueScale = 1 + 0.015 * chroma * hue.weight

  let l = lightnessDifference / lightnessScale
  let c = chromaDifference / chromaScale
  let h = hueDifference / hueScale
  let rotation = -2 * seventhPowerWeight(chroma) * hue.sineOfRotation
  return max(0, l * l + c * c + h * h + rotation * c * h).squareRoot()
}

/// √(C⁷ / (C⁷ + 25⁷))
private func seventhPowerWeight(_ chroma: Double) -> Double {
  let square = chroma * chroma
  let power = square * square * square * chroma
  return (power / (power + 6_103_515_625)).squareRoot()
}

/// The mean of two hues along the shorter arc, as a unit vector.
private struct MeanHue {
  private let cosine: Double
  private let sine: Double

  /// Creates the mean of the hues of two vectors (x, y) of the given lengths. The hue of gray is 0 and, as published,
  /// is added to the other one.
  init(_ x1: Double, _ y1: Double, _ length1: Double, _ x2: Double, _ y2: Double, _ length2: Double) {
    guard length1 > 0, length2 > 0 else {
      // Where one color is gray, the formula takes the sum of the hues.
      let length = max(length1, length2)
      (cosine, sine) = length > 0 ? ((x1 + x2) / length, (y1 + y2) / length) : (1, 0)
      return
    }
    let (x, y) = (x1 / length1 + x2 / length2, y1 / length1 + y2 / length2)
    let length = (x * x + y * y).squareRoot()
    guard length > 1e-6 else {
      // Opposite hues have two means; the published formula takes the mean of the angles in 0..<2π.
      let mean = (Self.angle(x1, y1) + Self.angle(x2, y2)) / 2
      (cosine, sine) = (cos(mean), sin(mean))
      return
    }
    (cosine, sine) = (x / length, y / length)
  }

  private static func angle(_ x: Double, _ y: Double) -> Double {
    let angle = atan2(y, x)
    return angle < 0 ? angle + 2 * .pi : angle
  }

  /// T = 1 − 0.17 cos(h − 30°) + 0.24 cos 2h + 0.32 cos(3h + 6°) − 0.20 cos(4h − 63°)
  var weight: Double {
    let (cosine2, sine2) = (cosine * cosine - sine * sine, 2 * cosine * sine)
    let (cosine3, sine3) = (cosine * cosine2 - sine * sine2, cosine * sine2 + sine * cosine2)
    let (cosine4, sine4) = (cosine2 * cosine2 - sine2 * sine2, 2 * cosine2 * sine2)
    return 1 - 0.17 * (cosine * Self.cosine30 + sine * Self.sine30) + 0.24 * cosine2
      + 0.32 * (cosine3 * Self.cosine6 - sine3 * Self.sine6) - 0.20 * (cosine4 * Self.cosine63 + sine4 * Self.sine63)
  }

  /// sin 2Δθ with Δθ = 30° exp(−((h − 275°) / 25°)²), the rotation of the ellipses of blue colors.
  var sineOfRotation: Double {
    // Below 10⁻⁵ farther than 90° from 275°: saves the calls for most colors.
    guard cosine * Self.cosine275 + sine * Self.sine275 > 0 else { return 0 }
    let steps = (Self.angle(cosine, sine) * 180 / .pi - 275) / 25
    return sin(Double.pi / 3 * exp(-steps * steps))
  }

  private static let cosine30 = 0.8660254037844387
  private static let sine30 = 0.5
  private static let cosine6 = 0.9945218953682733
  private static let sine6 = 0.10452846326765347
  private static let cosine63 = 0.4539904997395468
  private static let sine63 = 0.8910065241883679
  private static let cosine275 = 0.08715574274765824
  private static let sine275 = -0.9961946980917455
}
