/// A color in sRGB: red, green and blue in 0...1.
typealias SceneColor = SIMD3<Float>

extension SceneColor {
  /// Creates the most saturated color of a hue (0...1: red, yellow, green, cyan, blue, magenta, red) whose mean of red,
  /// green and blue is `mean`: darker than the pure hue, or mixed with white. The gray copy is then independent of the
  /// hue.
  init(hue: Float, mean: Float) {
    func channel(_ shift: Float) -> Float {
      let position = (hue + shift) - (hue + shift).rounded(.down)
      return Swift.max(0, Swift.min(1, abs(6 * position - 3) - 1))
    }
    let pure = SceneColor(channel(0), channel(2.0 / 3), channel(1.0 / 3))
    let pureMean = pure.sum() / 3
    self =
      mean <= pureMean
      ? pure * (mean / pureMean) : pure + (SceneColor(repeating: 1) - pure) * ((mean - pureMean) / (1 - pureMean))
  }

  /// Returns the linear interpolation to `other`, with `fraction` clamped to 0...1.
  func mixed(with other: SceneColor, _ fraction: Float) -> SceneColor {
    self + (other - self) * Swift.max(0, Swift.min(1, fraction))
  }
}

/// The pixels of a scene, with operations that draw antialiased shapes. Lengths are in heights of the image: (0, 0) is
/// the top left corner, (`aspect`, 1) the bottom right one.
struct SceneCanvas {
  let width: Int
  let height: Int
  private(set) var pixels: [SceneColor]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [SceneColor](repeating: .zero, count: width * height)
  }

  /// Width divided by height.
  var aspect: Float { Float(width) / Float(height) }

  /// Draws a shape, given by its signed distance function.
  /// - Parameters:
  ///   - x, y: The bounding box of the shape; the part outside the image is left out.
  ///   - opacity: 0...1; 1 hides the pixels below.
  ///   - distance: Returns the distance of a point from the shape's edge, negative inside.
  ///   - color: Returns the color at a point.
  @inline(__always)
  mutating func paint(
    x: ClosedRange<Float>, y: ClosedRange<Float>, opacity: Float = 1,
    distance: (SIMD2<Float>) -> Float, color: (SIMD2<Float>) -> SceneColor
  ) {
    let unit = 1 / Float(height)
    let columns = pixelRange(x, count: width)
    let rows = pixelRange(y, count: height)
    for row in rows {
      for column in columns {
        let point = SIMD2((Float(column) + 0.5) * unit, (Float(row) + 0.5) * unit)
        let coverage = max(0, min(1, 0.5 - distance(point) * Float(height))) * opacity
        if coverage > 0 {
          let index = row * width + column
          pixels[index] += (color(point) - pixels[index]) * coverage
        }
      }
    }
  }

  /// Returns the pixels of one axis that a range of lengths touches, and one more at each end for the smooth edge.
  private func pixelRange(_ range: ClosedRange<Float>, count: Int) -> Range<Int> {
    let scale = Float(height)
    let first = max(0, min(count, Int((range.lowerBound * scale).rounded(.down)) - 1))
    let end = max(first, min(count, Int((range.upperBound * scale).rounded(.up)) + 1))
    return first..<end
  }

  /// Draws an ellipse with half axes `radius`.
  @inline(__always)
  mutating func ellipse(
    _ center: SIMD2<Float>, _ radius: SIMD2<Float>, opacity: Float = 1, color: (SIMD2<Float>) -> SceneColor
  ) {
    paint(
      x: center.x - radius.x...center.x + radius.x, y: center.y - radius.y...center.y + radius.y, opacity: opacity,
      distance: { point in
        // Exact to first order at the edge, where alone it has an effect.
        let scaled = (point - center) / radius
        let length = (scaled * scaled).sum().squareRoot()
        let slope = scaled / radius
        return length * (length - 1) / max((slope * slope).sum().squareRoot(), 1e-6)
      }, color: color)
  }

  mutating func ellipse(_ center: SIMD2<Float>, _ radius: SIMD2<Float>, _ color: SceneColor, opacity: Float = 1) {
    ellipse(center, radius, opacity: opacity) { _ in color }
  }

  /// Draws a convex polygon, given by its corners in clockwise order.
  @inline(__always)
  mutating func polygon(_ corners: [SIMD2<Float>], color: (SIMD2<Float>) -> SceneColor) {
    var low = SIMD2<Float>(repeating: .infinity)
    var high = SIMD2<Float>(repeating: -.infinity)
    for corner in corners {
      low = pointwiseMin(low, corner)
      high = pointwiseMax(high, corner)
    }
    guard low.x <= high.x, low.y <= high.y else { return }
    paint(
      x: low.x...high.x, y: low.y...high.y,
      distance: { point in
        var distance = -Float.infinity
        for index in corners.indices {
          let start = corners[index]
          let edge = corners[index + 1 == corners.count ? 0 : index + 1] - start
          let offset = point - start
          let length = max((edge * edge).sum().squareRoot(), 1e-6)
          distance = max(distance, (edge.y * offset.x - edge.x * offset.y) / length)
        }
        return distance
      }, color: color)
  }

  mutating func polygon(_ corners: [SIMD2<Float>], _ color: SceneColor) { polygon(corners) { _ in color } }

  /// Draws a rectangle with horizontal and vertical sides.
  mutating func rectangle(x: ClosedRange<Float>, y: ClosedRange<Float>, _ color: SceneColor) {
    paint(
      x: x, y: y,
      distance: { max(max(x.lowerBound - $0.x, $0.x - x.upperBound), max(y.lowerBound - $0.y, $0.y - y.upperBound)) },
      color: { _ in color })
  }

  /// Fills the part below the curve `edge`, which gives y for each x and is nowhere above `top`.
  @inline(__always)
  mutating func below(top: Float, edge: (Float) -> Float, color: (SIMD2<Float>) -> SceneColor) {
    paint(x: 0...aspect, y: max(0, min(top, 1))...1, distance: { edge($0.x) - $0.y }, color: color)
  }

  /// Calls `change` for every pixel.
  mutating func forEachPixel(_ change: (inout SceneColor) -> Void) {
    for index in pixels.indices { change(&pixels[index]) }
  }
}
