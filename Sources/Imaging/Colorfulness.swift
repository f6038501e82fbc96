/// Colorfulness of an image by Hasler and Süsstrunk, "Measuring colorfulness in natural images" (2003), section 6:
/// √(σrg² + σyb²) + 0.3 · √(μrg² + μyb²), where rg = R − G and yb = (R + G) / 2 − B on the scale 0...255.
/// Gray is 0; "moderately colorful" is about 33, "extremely colorful" 109.
///
/// - Parameter pixels: Red, green, blue of each pixel in 0...1; at least one pixel.
func colorfulness(_ pixels: UnsafeBufferPointer<Double>) -> Double {
  let count = Double(pixels.count / 3)
  var (sumRG, sumYB, squaresRG, squaresYB) = (0.0, 0.0, 0.0, 0.0)
  for first in stride(from: 0, to: pixels.count, by: 3) {
    let (red, green, blue) = (255 * pixels[first], 255 * pixels[first + 1], 255 * pixels[first + 2])
    let rg = red - green
    let yb = (red + green) / 2 - blue
    sumRG += rg
    sumYB += yb
    squaresRG += rg * rg
    squaresYB += yb * yb
  }
  let (meanRG, meanYB) = (sumRG / count, sumYB / count)
  let variances = squaresRG / count - meanRG * meanRG + squaresYB / count - meanYB * meanYB
  return max(0, variances).squareRoot() + 0.3 * (meanRG * meanRG + meanYB * meanYB).squareRoot()
}

extension RGBImage {
  /// Colorfulness by Hasler and Süsstrunk (2003), on the scale 0...255: 0 for gray, 109 for "extremely colorful".
  public var colorfulness: Double {
    bytes.map { Double($0) / 255 }.withUnsafeBufferPointer { Imaging.colorfulness($0) }
  }
}
