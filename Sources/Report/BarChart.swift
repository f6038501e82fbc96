/// A bar chart: a table with a drawing in SVG in each row, which is as wide as the page lets it be. A bar has parts one
/// after the other, each in full color as far as it could not be less, and pale beyond.
public struct BarChart: Sendable {
  /// A part of a bar.
  public struct Part: Sendable {
    /// The index of its kind, which has a color.
    public let kind: Int
    /// The part's length; what is negative or not finite is drawn as 0.
    public let value: Double
    /// A lower bound of the value; where it is more, all of the part is in full color.
    public let limit: Double
    /// The text at the pointer.
    public let note: String

    public init(kind: Int, value: Double, limit: Double, note: String) {
      self.kind = kind
      self.value = value
      self.limit = limit
      self.note = note
    }
  }

  /// A bar with its name, and a cell for each of the chart's columns beside it.
  public struct Row: Sendable {
    public let name: String
    public let parts: [Part]
    public let cells: [String]

    public init(name: String, parts: [Part], cells: [String]) {
      self.name = name
      self.parts = parts
      self.cells = cells
    }
  }

  /// Neighboring rows below a heading.
  public struct Group: Sendable {
    public let heading: String
    public let rows: [Row]

    public init(heading: String, rows: [Row]) {
      self.heading = heading
      self.rows = rows
    }
  }

  public let title: String
  /// The unit of the values: `ms`.
  public let unit: String
  /// The names of the kinds of parts, up to `colorCount` of them.
  public let kinds: [String]
  /// The headings of the cells beside the bars.
  public let columns: [String]
  public let groups: [Group]
  /// The last row, of which nothing is drawn.
  public let total: Row

  public init(title: String, unit: String, kinds: [String], columns: [String], groups: [Group], total: Row) {
    self.title = title
    self.unit = unit
    self.kinds = kinds
    self.columns = columns
    self.groups = groups
    self.total = total
  }

  /// The number of colors in the style sheet.
  public static let colorCount = 5

  /// The drawing, with its legend. The axis begins at 0.
  public var html: HTML {
    let sums = groups.flatMap(\.rows).map { $0.parts.reduce(0) { $0 + Self.length($1.value) } }
    let axis = AxisScale(fitting: [0] + sums, allowsLogarithm: false)
    return """
      <figure class="chart bars" aria-label="\(title)">
      <figcaption><b>\(title)</b> <small>\(unit)</small></figcaption>
      <p class="kinds">\(kinds.indices.map(key))</p>
      <table>
      <thead><tr><th></th><td class="bar">\(labels(of: axis))</td>\
      \(columns.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
      \(groups.map { group($0, axis) })\
      <tfoot><tr><th scope="row">\(total.name)</th><td class="bar"></td>\(cells(of: total))</tr></tfoot>
      </table>
      </figure>

      """
  }

  /// Returns the entry of a kind in the legend: half of it in full color, half pale.
  private func key(of kind: Int) -> HTML {
    """
    <span><svg width="28" height="12" style="--color:\(Self.color(kind))" aria-hidden="true">\
    <rect class="beyond" width="28" height="12"/><rect class="least" width="14" height="12"/></svg>\(kinds[kind])</span>
    """
  }

  private func labels(of axis: AxisScale) -> HTML {
    let labels = axis.ticks.map { tick -> HTML in
      let anchor: HTML = tick == axis.ticks.first ? "start" : tick == axis.ticks.last ? "end" : "middle"
      return """
        <text x="\(Self.percent(axis.position(of: tick)))" y="14" text-anchor="\(anchor)">\(AxisScale.label(tick))</text>
        """
    }
    return "<svg height=\"20\" aria-hidden=\"true\">\(labels)</svg>"
  }

  private func group(_ group: Group, _ axis: AxisScale) -> HTML {
    """
    <tbody>
    <tr class="group"><th scope="rowgroup" colspan="\(2 + columns.count)">\(group.heading)</th></tr>
    \(group.rows.map { row($0, axis) })</tbody>

    """
  }

  private func row(_ row: Row, _ axis: AxisScale) -> HTML {
    let grid = axis.ticks.map { tick -> HTML in
      let place = Self.percent(axis.position(of: tick))
      return "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"0\" y2=\"100%\"/>"
    }
    var parts: [HTML] = []
    var start = 0.0
    for part in row.parts {
      let value = Self.length(part.value)
      let (left, end) = (axis.position(of: start), axis.position(of: start + value))
      let full = axis.position(of: start + min(value, Self.length(part.limit)))
      parts.append(
        """
        <g style="--color:\(Self.color(part.kind))"><title>\(part.note)</title>\
        <rect class="beyond" x="\(Self.percent(left))" y="3" width="\(Self.percent(end - left))" height="14"/>\
        <rect class="least" x="\(Self.percent(left))" y="3" width="\(Self.percent(full - left))" height="14"/></g>
        """)
      start += value
    }
    let notes = row.parts.map(\.note).joined(separator: "; ")
    return """
      <tr><th scope="row">\(row.name)</th>\
      <td class="bar"><svg height="20" role="img" aria-label="\(notes)">\(grid)\(parts)</svg></td>\(cells(of: row))</tr>

      """
  }

  private func cells(of row: Row) -> [HTML] { row.cells.map { "<td>\($0)</td>" } }

  /// Returns a value as the length that is drawn.
  private static func length(_ value: Double) -> Double { value.isFinite ? max(0, value) : 0 }

  private static func color(_ kind: Int) -> HTML { "var(--kind-\(kind % colorCount))" }

  /// Returns a part of the drawing's width, rounded to a hundredth of a per cent.
  private static func percent(_ part: Double) -> String { AxisScale.label((part * 10_000).rounded() / 100) + "%" }
}
