/// A scatter chart in SVG, with a name beside each point.
public struct ScatterChart: Sendable {
  /// A named point.
  public struct Point: Sendable {
    public let name: String
    /// The index of its color on the page, from 0; nil for references.
    public let color: Int?
    public let x: Double
    public let y: Double

    public init(name: String, color: Int?, x: Double, y: Double) {
      self.name = name
      self.color = color
      self.x = x
      self.y = y
    }
  }

  public let title: String
  public let xLabel: String
  public let yLabel: String
  public let points: [Point]

  public init(title: String, xLabel: String, yLabel: String, points: [Point]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.points = points
  }

  /// The drawing. Both axes begin at 0.
  public var html: HTML {
    let shown = points.filter { $0.x.isFinite && $0.y.isFinite }
    let frame = ChartFrame(
      x: AxisScale(fitting: [0] + shown.map { $0.x * 1.1 }, allowsLogarithm: false),
      y: AxisScale(fitting: [0] + shown.map { $0.y * 1.1 }, allowsLogarithm: false))
    return """
      <figure class="chart scatter">
      <figcaption><b>\(title)</b> <small>upwards: \(yLabel)</small></figcaption>
      <svg viewBox="0 0 \(ChartFrame.width) \(ChartFrame.height)" role="img" aria-label="\(title)">
      \(frame.axes(xLabel: xLabel))\
      \(zip(shown, baselines(of: shown, in: frame)).map { mark($0, baseline: $1, in: frame) })\
      </svg>
      </figure>

      """
  }

  /// The minimum vertical distance of two names.
  private static let lineHeight = 12.0

  /// Returns the heights of the names: each at its point, or, where another name is there, above that; all above the
  /// axis.
  private func baselines(of points: [Point], in frame: ChartFrame) -> [Double] {
    var lowest = ChartFrame.bottomEdge - 9
    var baselines = [Double](repeating: 0, count: points.count)
    for index in points.indices.sorted(by: { points[$0].y < points[$1].y }) {
      baselines[index] = min(frame.top(of: points[index].y), lowest)
      lowest = baselines[index] - Self.lineHeight
    }
    return baselines
  }

  private func mark(_ point: Point, baseline: Double, in frame: ChartFrame) -> HTML {
    let (left, top) = (frame.left(of: point.x), frame.top(of: point.y))
    // A name is on the side with more room.
    let isRight = left < Double(ChartFrame.width) * 0.6
    let color: HTML = point.color.map { "var(--series-\($0 % LineChart.colorCount))" } ?? "var(--muted)"
    let value = "\(AxisScale.label(point.x, digits: 4)), \(AxisScale.label(point.y, digits: 4))"
    return """
      <g class="mark" style="--color:\(color)" data-name="\(point.name)">\
      <circle cx="\(ChartFrame.text(left))" cy="\(ChartFrame.text(top))" r="5">\
      <title>\(point.name): \(value)</title></circle>\
      <text x="\(ChartFrame.text(left + (isRight ? 9 : -9)))" y="\(ChartFrame.text(baseline))" dy=".32em" \
      text-anchor="\(isRight ? "start" : "end")">\(point.name)</text></g>

      """
  }
}
