import Foundation
import Testing

@testable import Report

@Suite("Bar charts")
struct BarChartTests {
  private func chart(_ rows: [[(value: Double, limit: Double)]]) -> String {
    let rows = rows.enumerated().map { index, parts in
      BarChart.Row(
        name: "row <\(index)>",
        parts: parts.enumerated().map { kind, part in
          .init(kind: kind, value: part.value, limit: part.limit, note: "\(kind) & more")
        }, cells: ["cell"])
    }
    return BarChart(
      title: "Time", unit: "ms", kinds: ["a", "b", "c"], columns: ["ms"], groups: [.init(heading: "all", rows: rows)],
      total: .init(name: "together", parts: [], cells: ["sum"])
    ).html.markup
  }

  /// The left edges and widths of rectangles of a class, in per cent.
  private func rectangles(_ kind: String, in markup: String) throws -> [(left: Double, width: Double)] {
    try markup.matches(of: #/<rect class="([a-z]+)" x="([^"%]*)%" y="3" width="([^"%]*)%"/#)
      .filter { $0.output.1 == kind }
      .map { (try #require(Double($0.output.2)), try #require(Double($0.output.3))) }
  }

  @Test("Parts come one after the other, full as far as their limits")
  func parts() throws {
    let markup = chart([[(3, 1), (5, 5), (2, 4)], [(4, 0)]])
    // The axis ends at 10, where the longest bar does.
    let whole = try rectangles("beyond", in: markup)
    #expect(whole.map(\.left) == [0, 30, 80, 0] && whole.map(\.width) == [30, 50, 20, 40])
    let full = try rectangles("least", in: markup)
    #expect(full.map(\.left) == [0, 30, 80, 0] && full.map(\.width) == [10, 50, 20, 0])
    #expect(markup.contains("text-anchor=\"start\">0</text>") && markup.contains("text-anchor=\"end\">10</text>"))
    #expect(markup.contains("<title>0 &amp; more</title>") && markup.contains("row &lt;1&gt;"))
    #expect(markup.contains("together") && markup.contains("<td>sum</td>"))
    for kind in 0..<3 { #expect(markup.contains("var(--kind-\(kind))")) }
  }

  @Test("What cannot be drawn has no length")
  func extremes() throws {
    let values = [
      Double.nan, .infinity, -.infinity, -1, 0, .leastNonzeroMagnitude, 1, .greatestFiniteMagnitude,
    ]
    for value in values {
      let markup = chart([[(value, 1), (1, value), (value, value)], []])
      for (left, width) in try rectangles("beyond", in: markup) + rectangles("least", in: markup) {
        #expect((0...100).contains(left) && (0...100.01).contains(width), "\(value)")
      }
    }
    #expect(try rectangles("beyond", in: chart([])).isEmpty)
  }

  @Test("The page has a color for every kind, in both schemes")
  func colors() {
    let style = String(decoding: ReportPage.style, as: UTF8.self)
    for kind in 0..<BarChart.colorCount {
      #expect(style.components(separatedBy: "--kind-\(kind): #").count == 3)
    }
  }
}
