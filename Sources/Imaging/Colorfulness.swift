/// Returns the colorfulness of an image by Hasler and Süsstrunk, "Measuring colorfulness in natural images" (2003),
/// section 6: √(σrg² + σyb²) + 0.3 · √(μrg² + μyb²), where rg = R − G and yb = (R + G) / 2 − B on the scale 0...255.
/// Gray is 0; "moderately colorful" is about 33, "extremely colorful" 109.
///
/// - Parameters:
///   - red: The plane of red in 0...1, followed by those of green and blue.
///   - pixelCount: Number of elements of a plane, at least 1.
func colorfulness(red: UnsafePointer<Double>, pixelCount: Int) -> Double {
  ColorfulnessSums(red: red, planeSize: pixelCount, pixelCount: pixelCount).colorfulness
}

/// The sums over pixels from which the colorfulness of an image follows; those of its parts can be added.
struct ColorfulnessSums {
  private var pixelCount: Double
  private var (rg, yb) = (0.0, 0.0)
  private var (squaresRG, squaresYB) = (0.0, 0.0)

  /// Creates the sums over the first pixels of planes in 0...1.
  /// - Parameters:
  ///   - red: The plane of red, followed by those of green and blue.
  ///   - planeSize: Number of elements of a plane.
  init(red: UnsafePointer<Double>, planeSize: Int, pixelCount: Int) {
    self.pixelCount = Double(pixelCount)
    let green = red + planeSize
    let blue = green + planeSize
    for pixel in 0..<pixelCount {
      let rg = 255 * (red[pixel] - green[pixel])
      let yb = 255 * ((red[pixel] + green[pixel]) / 2 - blue[pixel])
      self.rg += rg
      self.yb += yb
      squaresRG += rg * rg
      squaresYB += yb * yb
    }
  }

  static func += (sums: inout ColorfulnessSums, other: ColorfulnessSums) {
    sums.pixelCount += other.pixelCount
    sums.rg += other.rg
    sums.yb += other.yb
    sums.squaresRG += other.squaresRG
    sums.squaresYB += other.squaresYB
  }

  /// The colorfulness of all pixels that were added.
  var colorfulness: Double {
    let (meanRG, meanYB) = (rg / pixelCount, yb / pixelCount)
    let variances = squaresRG / pixelCount - meanRG * meanRG + squaresYB / pixelCount - meanYB * meanYB
    return max(0, variances).squareRoot() + 0.3 * (meanRG * meanRG + meanYB * meanYB).squareRoot()
  }
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
