import Foundation

/// A line chart in SVG, with one line for each series, and axes with ticks and units.
public struct LineChart: Sendable {
  /// One line.
  public struct Series: Sendable {
    public let name: String
    /// The index of its color on the page, from 0; the same in every chart.
    public let color: Int
    /// In ascending order of x. A point that is not finite leaves a gap.
    public let points: [(x: Double, y: Double)]

    public init(name: String, color: Int, points: [(x: Double, y: Double)]) {
      self.name = name
      self.color = color
      self.points = points
    }
  }

  public let title: String
  /// The label of the horizontal axis: `epoch`.
  public let xLabel: String
  /// The unit of the values, such as `dB`; may be empty.
  public let unit: String
  public let series: [Series]

  public init(title: String, xLabel: String, unit: String, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.unit = unit
    self.series = series
  }

  /// The drawing; nil where there are no finite points.
  public var html: HTML? {
    let finite = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    guard !finite.isEmpty else { return nil }
    let frame = ChartFrame(x: AxisScale(counts: finite.map(\.x)), y: AxisScale(fitting: finite.map(\.y)))
    return """
      <figure class="chart">
      <figcaption><b>\(title)</b>\(unitNote(frame.y))</figcaption>
      <svg viewBox="0 0 \(ChartFrame.width) \(ChartFrame.height)" role="img" aria-label="\(title)" data-x="\(xLabel)">
      \(frame.axes(xLabel: xLabel))\(series.map { line($0, in: frame) })</svg>
      </figure>

      """
  }

  private func unitNote(_ scale: AxisScale) -> HTML {
    let notes = [unit, scale.isLogarithmic ? "logarithmic" : ""].filter { !$0.isEmpty }
    return notes.isEmpty ? "" : " <small>\(notes.joined(separator: ", "))</small>"
  }

  private func line(_ series: Series, in frame: ChartFrame) -> HTML {
    let runs = series.points.split { !$0.x.isFinite || !$0.y.isFinite }
    let lines = runs.filter { $0.count > 1 }.map { points -> HTML in
      let places = points.map { point in
        "\(ChartFrame.text(frame.left(of: point.x))),\(ChartFrame.text(frame.top(of: point.y)))"
      }
      return "<polyline points=\"\(places.joined(separator: " "))\"/>"
    }
    // The dots of many points are invisible, and only carry tooltips.
    let radius = series.points.count > 60 ? "0" : "2.4"
    let dots = runs.joined().map { point -> HTML in
      let value = AxisScale.label(point.y, digits: 5) + (unit.isEmpty ? "" : " \(unit)")
      let x = AxisScale.label(point.x)
      return """
        <circle cx="\(ChartFrame.text(frame.left(of: point.x)))" cy="\(ChartFrame.text(frame.top(of: point.y)))" \
        r="\(radius)" data-x="\(x)" data-y="\(value)"/>
        """
    }
    let dashes: HTML = series.color >= Self.colorCount ? " stroke-dasharray=\"5 3\"" : ""
    return """
      <g class="series" style="--color:var(--series-\(series.color % Self.colorCount))" data-run="\(series.color)" \
      data-name="\(series.name)"\(dashes)>\(lines)\(dots)</g>

      """
  }

  /// The number of colors in the style sheet. Further lines are dashed.
  public static let colorCount = 8
}
