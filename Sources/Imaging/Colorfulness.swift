/// Returns the colorfulness of an image by Hasler and Süsstrunk, "Measuring colorfulness in natural images" (2003),
/// section 6: √(σrg² + σyb²) + 0.3 · √(μrg² + μyb²), where rg = R − G and yb = (R + G) / 2 − B on the scale 0...255.
/// Gray is 0; "moderately colorful" is about 33, "extremely colorful" 109.
///
/// - Parameters:
///   - red: The plane of red in 0...1, followed by those of green and blue.
///   - pixelCount: Number of elements of a plane, at least 1.
func colorfulness(red: UnsafePointer<Double>, pixelCount: Int) -> Double {
  let green = red + pixelCount
  let blue = green + pixelCount
  var (sumRG, sumYB, squaresRG, squaresYB) = (0.0, 0.0, 0.0, 0.0)
  for pixel in 0..<pixelCount {
    let rg = 255 * (red[pixel] - green[pixel])
    let yb = 255 * ((red[pixel] + green[pixel]) / 2 - blue[pixel])
    sumRG += rg
    sumYB += yb
    squaresRG += rg * rg
    squaresYB += yb * yb
  }
  let count = Double(pixelCount)
  let (meanRG, meanYB) = (sumRG / count, sumYB / count)
  let variances = squaresRG / count - meanRG * meanRG + squaresYB / count - meanYB * meanYB
  return max(0, variances).squareRoot() + 0.3 * (meanRG * meanRG + meanYB * meanYB).squareRoot()
}

extension RGBImage {
  /// Colorfulness by Hasler and Süsstrunk (2003), on the scale 0...255: 0 for gray, 109 for "extremely colorful".
  public var colorfulness: Double {
    let pixelCount = width * height
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * pixelCount) { planes in
      for pixel in 0..<pixelCount {
        for channel in 0..<3 {
          planes.initializeElement(at: channel * pixelCount + pixel, to: Double(bytes[3 * pixel + channel]) / 255)
        }
      }
      return planes.baseAddress.map { Imaging.colorfulness(red: $0, pixelCount: pixelCount) } ?? 0
    }
  }
}
