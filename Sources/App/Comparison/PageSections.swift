import Report

extension LineChart {
  /// Returns the colored dot of a run or a model.
  static func swatch(_ index: Int) -> HTML {
    "<i class=\"swatch\" style=\"--color:var(--series-\(index % LineChart.colorCount))\"></i>"
  }
}

/// The section of a page with a chart for each quantity that runs log.
struct CurvesSection {
  let curves: Curves
  /// The names of the runs, by the indices that the curves have.
  let names: [String]

  var html: HTML {
    let shown = Set(curves.quantities.flatMap(\.runs).map(\.index))
    let keys = names.enumerated().filter { shown.contains($0.offset) }.map { index, name -> HTML in
      """
      <button type="button" class="key" data-run="\(index)" aria-pressed="true">\
      \(LineChart.swatch(index))\(name)</button>
      """
    }
    return """
      <p class="controls legend">\(keys)</p>
      <div class="charts">
      \(curves.quantities.compactMap { chart($0).html })</div>
      <p class="note">What the runs wrote into metrics.csv, a point an epoch. Losses are means over an epoch’s steps;
      “validation” is on photographs that the run did not train on. Axes are chosen for each chart. A click on a name
      above hides or shows its curves.</p>
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

/// The section of a page with the settings of runs or models, side by side.
struct SettingsSection {
  let names: [String]
  let settings: [JSONValue]
  /// Rows before the settings: a heading and a value for each name.
  let about: [(heading: String, values: [String])]
  let note: String

  var html: HTML {
    let leaves = settings.map { Dictionary($0.leaves(), uniquingKeysWith: { first, _ in first }) }
    let keys = Set(leaves.flatMap(\.keys)).sorted()
    let rows = keys.map { key -> HTML in
      let values = leaves.map { $0[key] }
      let kind: HTML = values.allSatisfy { $0 == values[0] } ? "same" : "differs"
      return """
        <tr class="\(kind)"><th scope="row">\(key)</th>\(values.map { "<td>\($0 ?? "–")</td>" as HTML })</tr>

        """
    }
    let heads = names.enumerated().map { index, name -> HTML in
      "<th scope=\"col\">\(LineChart.swatch(index))\(name)</th>"
    }
    return """
      <p class="controls"><label><input type="checkbox" id="only-differences"> only what differs</label></p>
      <div class="scroll"><table class="settings">
      <thead><tr><th></th>\(heads)</tr></thead>
      <tbody>\(about.map(row))</tbody>
      <tbody>
      \(rows)</tbody>
      </table></div>
      <p class="note">\(note)</p>
      """
  }

  private func row(_ heading: String, _ values: [String]) -> HTML {
    "<tr><th scope=\"row\">\(heading)</th>\(values.map { "<td>\($0)</td>" as HTML })</tr>\n"
  }
}
