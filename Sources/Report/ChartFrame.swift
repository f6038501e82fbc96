import Foundation

/// The mapping of a chart's values to positions in its drawing.
struct ChartFrame {
  let x: AxisScale
  let y: AxisScale

  /// The size of the drawing, in its own units. A page scales it.
  static let width = 360
  static let height = 220
  private static let leftEdge = 52.0
  private static let rightEdge = 348.0
  private static let topEdge = 10.0
  static let bottomEdge = 184.0

  func left(of value: Double) -> Double { Self.leftEdge + x.position(of: value) * (Self.rightEdge - Self.leftEdge) }
  func top(of value: Double) -> Double { Self.bottomEdge - y.position(of: value) * (Self.bottomEdge - Self.topEdge) }

  /// Returns the grid, the ticks and the label of the horizontal axis.
  func axes(xLabel: String) -> HTML {
    let (left, right) = (Self.text(Self.leftEdge), Self.text(Self.rightEdge))
    let (top, bottom) = (Self.text(Self.topEdge), Self.text(Self.bottomEdge))
    let rows = y.ticks.map { tick -> HTML in
      let place = Self.text(self.top(of: tick))
      return """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(place)" y2="\(place)"/>\
        <text x="46" y="\(place)" dy=".32em" text-anchor="end">\(AxisScale.label(tick))</text>

        """
    }
    let columns = x.ticks.map { tick -> HTML in
      let place = Self.text(self.left(of: tick))
      return """
        <line class="tick" x1="\(place)" x2="\(place)" y1="\(bottom)" y2="\(Self.text(Self.bottomEdge + 4))"/>\
        <text x="\(place)" y="198" text-anchor="middle">\(AxisScale.label(tick))</text>

        """
    }
    return """
      \(rows)\(columns)<path class="axis" d="M\(left) \(top)V\(bottom)H\(right)"/>
      <text x="\(Self.text((Self.leftEdge + Self.rightEdge) / 2))" y="214" text-anchor="middle">\(xLabel)</text>

      """
  }

  /// Returns a length rounded to a tenth.
  static func text(_ length: Double) -> String { AxisScale.label((length * 10).rounded() / 10) }
}
