import Imaging
import Report

extension ComparisonPage {
  /// The table of all photographs, and each model's place between error and color.
  var figures: HTML {
    """
    <div class="scroll"><table class="figures">
    <thead><tr><th></th>\(MetricColumn.all.map(Self.heading))</tr></thead>
    <tbody>
    \(comparison.models.enumerated().map(row))</tbody>
    <tbody class="reference">
    <tr><th scope="row">gray copy</th>\(MetricColumn.all.map { Self.cell($0, comparison.grayCopy) })</tr>
    <tr><th scope="row">photographs</th>\(MetricColumn.all.map { column in
      column.describesPhotographs ? Self.cell(column, comparison.truth) : "<td></td>"
    })</tr>
    </tbody>
    </table></div>
    <p class="note">↓ lower is better, ↑ higher is better, → nearer to the photographs is better; bold is the best model of
    the column, and what is in italics is no better than the gray copy. The columns are explained under
    <a href="#method">Method</a>.</p>
    <div class="aside">\(tradeOff.html)
    <p class="note">The place to reach is the photographs’ own dot. Who paints little stays low: close on average, and pale.
    Who paints boldly rises, and pays with error wherever the guess is another color than the photograph’s, even a
    likely one.</p></div>
    """
  }

  private func row(_ index: Int, _ model: Comparison.Model) -> HTML {
    let cells = MetricColumn.all.map { column -> HTML in
      let standing = Standing(
        index, among: comparison.models.map(\.metrics), column, grayCopy: comparison.grayCopy, truth: comparison.truth)
      return Self.cell(column, model.metrics, standing)
    }
    return "<tr><th scope=\"row\">\(Self.swatch(index))\(model.name)</th>\(cells)</tr>\n"
  }

  static func heading(_ column: MetricColumn) -> HTML {
    let arrow =
      switch column.goal {
      case .low: "↓"
      case .high: "↑"
      case .photographs: "→"
      }
    let unit: HTML = column.unit.isEmpty || column.heading.hasSuffix(column.unit) ? "" : ", \(column.unit)"
    return "<th scope=\"col\" title=\"\(column.meaning)\">\(column.heading)\(unit) <small>\(arrow)</small></th>"
  }

  static func cell(_ column: MetricColumn, _ metrics: ImageMetrics, _ standing: Standing = .ordinary) -> HTML {
    let text = Format.fixed(column.value(metrics), column.digits)
    return switch standing {
    case .best: "<td class=\"best\">\(text)</td>"
    case .noBetterThanGray: "<td class=\"poor\">\(text)</td>"
    case .ordinary: "<td>\(text)</td>"
    }
  }

  /// How a model's figure stands in its column.
  enum Standing {
    case best, noBetterThanGray, ordinary

    init(
      _ index: Int, among models: [ImageMetrics], _ column: MetricColumn, grayCopy: ImageMetrics, truth: ImageMetrics
    ) {
      /// How far from good, in the column's terms.
      func distance(_ metrics: ImageMetrics) -> Double {
        switch column.goal {
        case .low: column.value(metrics)
        case .high: -column.value(metrics)
        case .photographs: abs(column.value(metrics) - column.value(truth))
        }
      }
      let own = distance(models[index])
      if own >= distance(grayCopy) {
        self = .noBetterThanGray
      } else if models.count > 1, models.allSatisfy({ own <= distance($0) }) {
        self = .best
      } else {
        self = .ordinary
      }
    }
  }

  /// What the study was about: a model can be close on average and pale, or vivid and off.
  private var tradeOff: ScatterChart {
    let models = comparison.models.enumerated().map { index, model in
      ScatterChart.Point(name: model.name, color: index, x: model.metrics.deltaE, y: model.metrics.colorfulness)
    }
    return ScatterChart(
      title: "Error and color", xLabel: "color difference ΔE", yLabel: "colorfulness",
      points: models + [
        .init(name: "gray copy", color: nil, x: comparison.grayCopy.deltaE, y: comparison.grayCopy.colorfulness),
        .init(name: "photographs", color: nil, x: comparison.truth.deltaE, y: comparison.truth.colorfulness),
      ])
  }
}
