import Imaging

/// The table of metrics: a row for each model, one for the gray copy, one for the photographs.
enum MetricsRows {
  static func text(models: [(name: String, metrics: ImageMetrics)], grayCopy: ImageMetrics, truth: ImageMetrics)
    -> String
  {
    let columns = [TextTable.Column.left("")] + MetricColumn.all.map { .right($0.heading) }
    let rows = (models + [("gray copy", grayCopy)]).map { name, metrics in
      [name] + MetricColumn.all.map { $0.text(metrics) }
    }
    let photographs = MetricColumn.all.map { $0.describesPhotographs ? $0.text(truth) : "" }
    return TextTable.text(columns, rows + [["photographs"] + photographs])
  }
}
