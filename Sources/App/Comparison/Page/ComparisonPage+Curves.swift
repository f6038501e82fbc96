import Report

extension ComparisonPage {
  /// A chart for each quantity that the runs logged, with all runs that have it.
  var curves: HTML {
    let shown = Set(comparison.curves.quantities.flatMap(\.runs).map(\.index))
    let keys = comparison.models.enumerated().filter { shown.contains($0.offset) }.map { index, model -> HTML in
      """
      <button type="button" class="key" data-run="\(index)" aria-pressed="true">\(Self.swatch(index))\(model.name)</button>
      """
    }
    return """
      <p class="controls legend">\(keys)</p>
      <div class="charts">
      \(comparison.curves.quantities.compactMap { chart($0).html })</div>
      <p class="note">What the runs wrote into metrics.csv, a point an epoch. Losses are means over an epoch’s steps;
      “validation” is on photographs that the run did not train on. Axes are chosen for each chart. A click on a name above
      hides or shows its curves.</p>
      """
  }

  private func chart(_ quantity: Curves.Quantity) -> LineChart {
    let name = QuantityName(column: quantity.name)
    return LineChart(
      title: name.title, xLabel: "epoch", unit: name.unit,
      series: quantity.runs.map { run in
        .init(name: run.name, color: run.index, points: run.points.map { (x: $0.epoch, y: $0.value) })
      })
  }
}
