import Foundation
import Testing

@testable import Report

@Suite("Charts")
struct ChartTests {
  @Test("Ticks are round")
  func ticksAreRound() {
    let scale = AxisScale(fitting: [18.04, 23.1])
    #expect(scale.ticks == [18, 19, 20, 21, 22, 23, 24] || scale.ticks == [18, 20, 22, 24])
    #expect(scale.bounds.contains(18.04) && scale.bounds.contains(23.1) && !scale.isLogarithmic)
    #expect(scale.position(of: scale.bounds.lowerBound) == 0 && scale.position(of: scale.bounds.upperBound) == 1)
    let tenths = AxisScale(fitting: [0.11, 0.58])
    #expect(tenths.ticks.map { AxisScale.label($0) } == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
  }

  @Test("Axes contain their values", arguments: [[5.0], [0], [-2, -2], [1e-9, 1.001e-9], [-1e12, 1e12], [0, 0.3]])
  func axesContainTheirValues(_ values: [Double]) {
    let scale = AxisScale(fitting: values)
    #expect((2...12).contains(scale.ticks.count))
    for value in values { #expect((-1e-9...1 + 1e-9).contains(scale.position(of: value))) }
    for tick in scale.ticks { #expect((-1e-9...1 + 1e-9).contains(scale.position(of: tick))) }
  }

  @Test("Wide ranges are logarithmic", arguments: [[0.0053, 0.0686], [1e-8, 1], [1, 3e20]])
  func wideRangesAreLogarithmic(_ values: [Double]) {
    let scale = AxisScale(fitting: values)
    #expect(scale.isLogarithmic && (2...9).contains(scale.ticks.count))
    for value in values { #expect((-1e-9...1 + 1e-9).contains(scale.position(of: value))) }
    let middle = (values[0] * values[1]).squareRoot()
    #expect(scale.position(of: middle) > 0.2 && scale.position(of: middle) < 0.8)
    #expect(!AxisScale(fitting: values, allowsLogarithm: false).isLogarithmic)
  }

  @Test("Counts have integer ticks")
  func countsHaveIntegerTicks() {
    #expect(AxisScale(counts: [1, 2, 3, 4, 5]).ticks == [1, 2, 3, 4, 5])
    #expect(AxisScale(counts: [1, 20]).ticks == [5, 10, 15, 20])
    #expect(AxisScale(counts: [1]).ticks == [1])
  }

  /// The edges of what numbers can be.
  private static let extremes: [[Double]] = [
    [-1e308, 1e308], [-.greatestFiniteMagnitude, .greatestFiniteMagnitude], [.greatestFiniteMagnitude],
    [1e300, 1e300.nextUp], [1e308, 1e308.nextUp], [1, 1.0.nextUp], [-1, (-1.0).nextDown], [.leastNonzeroMagnitude],
    [.leastNonzeroMagnitude, .leastNormalMagnitude], [.leastNonzeroMagnitude, .greatestFiniteMagnitude],
    [1e-300, 1e300], [0, .leastNonzeroMagnitude], [0, .greatestFiniteMagnitude], [0, 1e-299], [-0.0, 0],
    [9e15, 9e15 + 2], [.infinity], [-.infinity, .infinity, 1], [.nan], [.nan, 1, 2], [],
  ]

  @Test("Axes take every number", arguments: extremes)
  func axesTakeEveryNumber(_ values: [Double]) {
    for scale in [
      AxisScale(fitting: values), AxisScale(fitting: values, allowsLogarithm: false), AxisScale(counts: values),
    ] {
      let bounds = [scale.bounds.lowerBound, scale.bounds.upperBound]
      #expect(bounds.allSatisfy(\.isFinite) && bounds[0] < bounds[1])
      #expect(scale.ticks.count <= 12 && scale.ticks.allSatisfy(\.isFinite))
      for value in values where !value.isNaN { #expect((-1e-3...1 + 1e-3).contains(scale.position(of: value))) }
    }
  }

  @Test("Charts draw every number", arguments: extremes)
  func chartsDrawEveryNumber(_ values: [Double]) {
    let points = values.enumerated().map { (x: Double($0), y: $1) }
    let turned = points.map { (x: $0.y, y: $0.x) }
    let line = chart([.init(name: "a", color: 0, points: points), .init(name: "b", color: 1, points: turned)])
    let scatter = ScatterChart(
      title: "t", xLabel: "x", yLabel: "y", points: values.map { .init(name: "a", color: 0, x: $0, y: -$0) })
    for markup in [line.html?.markup ?? "", scatter.html.markup] {
      for place in markup.matches(of: #/ (?:x|y|x1|y1|cx|cy)="([^"]*)"/#) {
        #expect(Double(place.output.1)?.isFinite == true, "\(place.output.0)")
      }
    }
  }

  private func chart(_ series: [LineChart.Series]) -> LineChart {
    LineChart(title: "Loss <i>", xLabel: "epoch", unit: "dB", series: series)
  }

  @Test("Series are drawn as lines")
  func seriesAreDrawnAsLines() throws {
    let chart = chart([
      .init(name: "a & b", color: 0, points: [(1, 2), (2, 3), (3, 2.5)]),
      .init(name: "second", color: 9, points: [(1, 2.5), (2, .nan), (3, 3), (4, 3)]),
    ])
    let markup = try #require(chart.html?.markup)
    #expect(markup.contains("Loss &lt;i&gt;") && markup.contains("data-name=\"a &amp; b\""))
    // The gap leaves a single point of the second line, without a line.
    #expect(markup.components(separatedBy: "<polyline").count - 1 == 2)
    #expect(markup.components(separatedBy: "<circle").count - 1 == 6)
    #expect(markup.contains("data-x=\"2\" data-y=\"3 dB\""))
    // Colors repeat after the eighth series, with dashed lines.
    #expect(markup.contains("var(--series-1)") && markup.contains(" stroke-dasharray=\"5 3\">"))
  }

  @Test("Charts without points are nil")
  func chartsWithoutPointsAreNil() {
    #expect(chart([]).html == nil)
    #expect(chart([.init(name: "a", color: 0, points: [(1, .infinity)])]).html == nil)
  }

  @Test("Points have names")
  func pointsHaveNames() {
    let chart = ScatterChart(
      title: "t", xLabel: "x", yLabel: "y",
      points: [.init(name: "<a>", color: 1, x: 3, y: 4), .init(name: "gray", color: nil, x: 0, y: 0)])
    let markup = chart.html.markup
    #expect(markup.contains(">&lt;a&gt;</text>") && markup.contains("var(--muted)"))
    #expect(markup.components(separatedBy: "<circle").count - 1 == 2)
  }

  @Test("Names of coinciding points do not overlap")
  func namesOfCoincidingPointsDoNotOverlap() throws {
    let chart = ScatterChart(
      title: "t", xLabel: "x", yLabel: "y",
      points: ["a", "b", "c"].map { .init(name: $0, color: 0, x: 3, y: 4) })
    let heights = try chart.html.markup.matches(
      of: /<text x="[0-9.]+" y="([0-9.]+)" dy=".32em" *text-anchor="end">[abc]</
    )
    .map { try #require(Double($0.output.1)) }
    let sorted = heights.sorted()
    #expect(sorted.count == 3)
    #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 >= 11.9 })
  }
}
