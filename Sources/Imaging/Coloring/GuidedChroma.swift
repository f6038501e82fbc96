/// The chroma of a small image, upsampled to a photograph's size along the photograph's own edges.
///
/// Chroma mostly changes where lightness does. As in the guided filter (He, Sun and Tang, "Guided image filtering",
/// 2013), the chroma in the neighborhood of each small pixel is fitted as a line, slope · L* + offset, over the small
/// copy's L*. As in its fast form (He and Sun, "Fast guided filter", 2015), slope and offset are interpolated, and the
/// line is evaluated at the photograph's own L*. Unlike there, the offset of every small pixel is the one that
/// reproduces the network's chroma at that pixel: the filter alone would blur the network's output.
struct GuidedChroma: Sendable {
  private let width: Int
  private let height: Int
  /// `[height, width]` of the slopes of a* and b*, followed by their offsets.
  private let lines: [SIMD4<Float>]
  private let columns: [LinearSample]
  private let rows: [LinearSample]

  /// The regularization ε of the fit, which reduces slopes where L* hardly changes: a variance in units of L*².
  private static let regularization: Float = 4

  /// - Parameters:
  ///   - guide: The photograph at the size of `chroma`.
  ///   - width: Width of the photograph.
  ///   - height: Height of the photograph.
  init(_ chroma: ChromaPlane, guide: RGBImage, width: Int, height: Int) {
    precondition(guide.width == chroma.width && guide.height == chroma.height, "the guide is not of the chroma's size")
    self.width = chroma.width
    self.height = chroma.height
    let lightness = guide.lightness
    let slopes = Self.slopes(of: chroma, over: lightness)
    lines = zip(slopes, zip(chroma.values, lightness)).map { slope, pixel in
      let offset = pixel.0 - slope * pixel.1
      return SIMD4(slope.x, slope.y, offset.x, offset.y)
    }
    columns = LinearSample.all(from: chroma.width, to: width)
    rows = LinearSample.all(from: chroma.height, to: height)
  }

  /// Calls `body` for each pixel of row `y` with the function that gives its chroma for its L*.
  @inline(__always)
  func forEachPixel(ofRow y: Int, _ body: (_ x: Int, _ chromaAt: (Float) -> SIMD2<Float>) -> Void) {
    withUnsafeTemporaryAllocation(of: SIMD4<Float>.self, capacity: width) { between in
      let row = rows[y]
      for x in 0..<width {
        let (upper, lower) = (lines[row.low * width + x], lines[row.high * width + x])
        between[x] = upper + (lower - upper) * row.fraction
      }
      columns.withUnsafeBufferPointer { columns in
        for x in 0..<columns.count {
          let column = columns[x]
          let line = between[column.low] + (between[column.high] - between[column.low]) * column.fraction
          body(x) { lightness in line.lowHalf * lightness + line.highHalf }
        }
      }
    }
  }

  /// Returns the slope of chroma over lightness at each pixel: the mean of the slopes fitted over 3 × 3 pixels about
  /// each of the 3 × 3 neighbors.
  private static func slopes(of chroma: ChromaPlane, over lightness: [Float]) -> [SIMD2<Float>] {
    // L*, its square, a* and b*; L* · a* and L* · b*.
    let values = zip(lightness, chroma.values).map { SIMD4($0, $0 * $0, $1.x, $1.y) }
    let products = zip(lightness, chroma.values).map { $1 * $0 }
    let means = mean(values, chroma.width, chroma.height)
    let productMeans = mean(products, chroma.width, chroma.height)
    let slopes = zip(means, productMeans).map { mean, product in
      let variance = max(0, mean.y - mean.x * mean.x)
      return (product - mean.highHalf * mean.x) / (variance + regularization)
    }
    return mean(slopes, chroma.width, chroma.height)
  }

  /// Returns the mean over 3 × 3 pixels about each, with the border repeated.
  private static func mean<Vector: SIMD<Float>>(_ values: [Vector], _ width: Int, _ height: Int) -> [Vector] {
    var across = values
    for y in 0..<height {
      for x in 0..<width {
        let row = y * width
        across[row + x] = values[row + max(x - 1, 0)] + values[row + x] + values[row + min(x + 1, width - 1)]
      }
    }
    var result = across
    for y in 0..<height {
      let (above, below) = (max(y - 1, 0) * width, min(y + 1, height - 1) * width)
      for x in 0..<width { result[y * width + x] = (across[above + x] + across[y * width + x] + across[below + x]) / 9 }
    }
    return result
  }
}

/// The position of a pixel on another grid: between two neighbors, at a fraction of their distance.
struct LinearSample {
  let low: Int
  let high: Int
  let fraction: Float

  /// Returns the position of each of `target` pixels on a grid of `source` ones; centers are at halves, edges are
  /// clamped.
  static func all(from source: Int, to target: Int) -> [LinearSample] {
    (0..<target).map { index in
      let place = (Float(index) + 0.5) * Float(source) / Float(target) - 0.5
      let clamped = min(max(place, 0), Float(source - 1))
      let low = Int(clamped)
      return LinearSample(low: low, high: min(low + 1, source - 1), fraction: clamped - Float(low))
    }
  }
}
