import Imaging
import Report

extension ComparisonPage {
  /// A table for each figure: a row a class, a column a model.
  var classes: HTML {
    """
    <p class="controls"><label>Figure <select id="class-figure">\
    \(MetricColumn.all.map { "<option value=\"\($0.key)\">\($0.heading)</option>" as HTML })</select></label></p>
    \(MetricColumn.all.map(classTable))
    <p class="note">Bold is the best model of the class, and what is in italics is no better than the gray copy.</p>
    """
  }

  private func classTable(_ column: MetricColumn) -> HTML {
    let models = comparison.models.enumerated().map { index, model -> HTML in
      "<th scope=\"col\">\(Self.swatch(index))\(model.name)</th>"
    }
    let photographs: HTML = column.describesPhotographs ? "<th scope=\"col\">photographs</th>" : ""
    return """
      <div class="scroll class-figure" data-figure="\(column.key)"><table class="figures">
      <caption>\(column.heading)\(column.unit.isEmpty || column.heading.hasSuffix(column.unit) ? "" : ", \(column.unit)")\
      </caption>
      <thead><tr><th scope="col">class</th><th scope="col">images</th>\(models)<th scope="col">gray copy</th>\
      \(photographs)</tr></thead>
      <tbody>
      \(comparison.classes.map { classRow($0, column) })</tbody>
      </table></div>

      """
  }

  private func classRow(_ figures: Comparison.Class, _ column: MetricColumn) -> HTML {
    let models = figures.models.enumerated().map { index, metrics -> HTML in
      let standing = Standing(index, among: figures.models, column, grayCopy: figures.grayCopy, truth: figures.truth)
      return Self.cell(column, metrics, standing)
    }
    let photographs: HTML = column.describesPhotographs ? Self.cell(column, figures.truth) : ""
    return """
      <tr><th scope="row">\(figures.name)</th><td>\(Format.count(figures.images))</td>\(models)\
      \(Self.cell(column, figures.grayCopy))\(photographs)</tr>

      """
  }
}
