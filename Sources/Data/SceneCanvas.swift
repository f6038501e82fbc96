/// A color of red, green and blue in 0...1, sRGB.
typealias SceneColor = SIMD3<Float>

/// A surface to paint a scene on. Lengths are in heights of the picture: (0, 0) is the top left corner, (`aspect`, 1) the
/// bottom right one. Edges are smooth: a pixel takes as much of a shape's color as the shape covers of it.
struct SceneCanvas {
  let width: Int
  let height: Int
  private(set) var pixels: [SceneColor]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [SceneColor](repeating: .zero, count: width * height)
  }

  /// Width in heights.
  var aspect: Float { Float(width) / Float(height) }

  /// Lays a color over every pixel of the box for which `distance`, to the shape's edge and negative inside, says so.
  /// - Parameters:
  ///   - x, y: The box that holds the shape; what lies outside the picture is left out.
  ///   - distance: At a point, in heights.
  ///   - color: At a point.
  ///   - opacity: 1 hides what is below.
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

  /// Pixels along one axis that a range of lengths touches, with one to spare for the smooth edge.
  private func pixelRange(_ range: ClosedRange<Float>, count: Int) -> Range<Int> {
    let scale = Float(height)
    let first = max(0, min(count, Int((range.lowerBound * scale).rounded(.down)) - 1))
    let end = max(first, min(count, Int((range.upperBound * scale).rounded(.up)) + 1))
    return first..<end
  }

  /// An ellipse with half axes `radius`, shaded by `color`.
  @inline(__always)
  mutating func ellipse(
    _ center: SIMD2<Float>, _ radius: SIMD2<Float>, opacity: Float = 1, color: (SIMD2<Float>) -> SceneColor
  ) {
    paint(
      x: center.x - radius.x...center.x + radius.x, y: center.y - radius.y...center.y + radius.y, opacity: opacity,
      distance: { point in
        // First order in the distance from the edge, which is where it matters.
        let scaled = (point - center) / radius
        let length = (scaled * scaled).sum().squareRoot()
        let slope = scaled / radius
        return length * (length - 1) / max((slope * slope).sum().squareRoot(), 1e-6)
      }, color: color)
  }

  mutating func ellipse(_ center: SIMD2<Float>, _ radius: SIMD2<Float>, _ color: SceneColor, opacity: Float = 1) {
    ellipse(center, radius, opacity: opacity) { _ in color }
  }

  /// A convex polygon; its corners go clockwise as seen.
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

  /// An upright rectangle.
  mutating func rectangle(x: ClosedRange<Float>, y: ClosedRange<Float>, _ color: SceneColor) {
    paint(
      x: x, y: y,
      distance: { max(max(x.lowerBound - $0.x, $0.x - x.upperBound), max(y.lowerBound - $0.y, $0.y - y.upperBound)) },
      color: { _ in color })
  }

  /// Everything below a line that goes from left to right.
  @inline(__always)
  mutating func below(top: Float, edge: (Float) -> Float, color: (SIMD2<Float>) -> SceneColor) {
    paint(x: 0...aspect, y: max(0, min(top, 1))...1, distance: { edge($0.x) - $0.y }, color: color)
  }

  /// Changes every pixel by itself.
  mutating func forEachPixel(_ change: (inout SceneColor) -> Void) {
    for index in pixels.indices { change(&pixels[index]) }
  }
}
