import Imaging
import Report

extension ComparisonPage {
  /// The table of metrics over all photographs, and a chart of error and color.
  var figures: HTML {
    """
    <div class="scroll"><table class="figures">
    <thead><tr><th></th>\(Metric.allCases.map(Self.heading))</tr></thead>
    <tbody>
    \(comparison.models.enumerated().map(row))</tbody>
    <tbody class="reference">
    <tr><th scope="row">gray copy</th>\(Metric.allCases.map { Self.cell($0, comparison.grayCopy) })</tr>
    <tr><th scope="row">photographs</th>\(Metric.allCases.map { metric in
      metric.describesPhotographs ? Self.cell(metric, comparison.truth) : "<td></td>"
    })</tr>
    </tbody>
    </table></div>
    <p class="note">↓ lower is better, ↑ higher is better, → nearer to the photographs is better; bold is the best model
    of the column, and what is in italics is no better than the gray copy. The columns are explained under
    <a href="#method">Method</a>.</p>
    <div class="aside">\(tradeOff.html)
    <p class="note">The goal is the photographs’ dot. A model with pale colors is at the lower left: a small error,
    little color. A vivid model is higher, with a larger error wherever its color differs from the photograph’s, even
    if it is plausible.</p></div>
    """
  }

  private func row(_ index: Int, _ model: Comparison.Model) -> HTML {
    let cells = Metric.allCases.map { metric -> HTML in
      let standing = Standing(
        index, among: comparison.models.map(\.metrics), metric, grayCopy: comparison.grayCopy, truth: comparison.truth)
      return Self.cell(metric, model.metrics, standing)
    }
    return "<tr><th scope=\"row\">\(Self.swatch(index))\(model.name)</th>\(cells)</tr>\n"
  }

  static func heading(_ metric: Metric) -> HTML {
    let arrow =
      switch metric.goal {
      case .low: "↓"
      case .high: "↑"
      case .photographs: "→"
      }
    return "<th scope=\"col\" title=\"\(metric.meaning)\">\(metric.headingWithUnit) <small>\(arrow)</small></th>"
  }

  static func cell(_ metric: Metric, _ metrics: ImageMetrics, _ standing: Standing = .ordinary) -> HTML {
    let text = metric.number(metrics)
    return switch standing {
    case .best: "<td class=\"best\">\(text)</td>"
    case .noBetterThanGray: "<td class=\"poor\">\(text)</td>"
    case .ordinary: "<td>\(text)</td>"
    }
  }

  /// The rank of a model's value among the models.
  enum Standing {
    case best, noBetterThanGray, ordinary

    init(
      _ index: Int, among models: [ImageMetrics], _ metric: Metric, grayCopy: ImageMetrics, truth: ImageMetrics
    ) {
      /// Returns the distance from the metric's goal.
      func distance(_ metrics: ImageMetrics) -> Double {
        switch metric.goal {
        case .low: metric.value(metrics)
        case .high: -metric.value(metrics)
        case .photographs: abs(metric.value(metrics) - metric.value(truth))
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

  /// The study's trade-off: a model can be close on average and pale, or colorful and wrong.
  private var tradeOff: ScatterChart {
    let models = comparison.models.enumerated().map { index, model in
      ScatterChart.Point(name: model.name, color: index, x: model.metrics[.deltaE], y: model.metrics[.colorfulness])
    }
    return ScatterChart(
      title: "Error and color", xLabel: "color difference ΔE", yLabel: "colorfulness",
      points: models + [
        .init(name: "gray copy", color: nil, x: comparison.grayCopy[.deltaE], y: comparison.grayCopy[.colorfulness]),
        .init(name: "photographs", color: nil, x: comparison.truth[.deltaE], y: comparison.truth[.colorfulness]),
      ])
  }
}

extension ComparisonPage {
  /// A table for each metric, with a row for each class and a column for each model.
  var classes: HTML {
    """
    <p class="controls"><label>Figure <select id="class-figure">\
    \(Metric.allCases.map { "<option value=\"\($0.column)\">\($0.heading)</option>" as HTML })</select></label></p>
    \(Metric.allCases.map(classTable))
    <p class="note">Bold is the best model of the class, and what is in italics is no better than the gray copy.</p>
    """
  }

  private func classTable(_ metric: Metric) -> HTML {
    let models = comparison.models.enumerated().map { index, model -> HTML in
      "<th scope=\"col\">\(Self.swatch(index))\(model.name)</th>"
    }
    let photographs: HTML = metric.describesPhotographs ? "<th scope=\"col\">photographs</th>" : ""
    return """
      <div class="scroll class-figure" data-figure="\(metric.column)"><table class="figures">
      <caption>\(metric.headingWithUnit)</caption>
      <thead><tr><th scope="col">class</th><th scope="col">images</th>\(models)<th scope="col">gray copy</th>\
      \(photographs)</tr></thead>
      <tbody>
      \(comparison.classes.map { classRow($0, metric) })</tbody>
      </table></div>

      """
  }

  private func classRow(_ figures: Comparison.Class, _ metric: Metric) -> HTML {
    let models = figures.models.enumerated().map { index, metrics -> HTML in
      let standing = Standing(index, among: figures.models, metric, grayCopy: figures.grayCopy, truth: figures.truth)
      return Self.cell(metric, metrics, standing)
    }
    let photographs: HTML = metric.describesPhotographs ? Self.cell(metric, figures.truth) : ""
    return """
      <tr><th scope="row">\(figures.name)</th><td>\(Format.count(figures.images))</td>\(models)\
      \(Self.cell(metric, figures.grayCopy))\(photographs)</tr>

      """
  }
}
