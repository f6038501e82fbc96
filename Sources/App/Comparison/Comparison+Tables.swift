import Imaging
import Report

extension Comparison {
  private static let metricKeys = ["images"] + MetricColumn.all.map(\.key)

  private static func fields(_ metrics: ImageMetrics) -> [String] {
    ["\(metrics.images)"] + MetricColumn.all.map { "\($0.value(metrics))" }
  }

  /// What there are figures of, the models and what they are held against.
  private func rows(models metrics: [ImageMetrics], grayCopy: ImageMetrics, truth: ImageMetrics) -> [[String]] {
    zip(models, metrics).map { [$0.name, $0.model.rawValue] + Self.fields($1) } + [
      ["gray copy", ""] + Self.fields(grayCopy), ["photographs", ""] + Self.fields(truth),
    ]
  }

  /// A row for each model, one for the gray copy, one for the photographs.
  var table: CSVTable {
    var table = CSVTable(columns: ["name", "model"] + Self.metricKeys)
    for row in rows(models: models.map(\.metrics), grayCopy: grayCopy, truth: truth) { table.append(row) }
    return table
  }

  /// The same rows for each class.
  var classTable: CSVTable {
    var table = CSVTable(columns: ["class", "name", "model"] + Self.metricKeys)
    for figures in classes {
      for row in rows(models: figures.models, grayCopy: figures.grayCopy, truth: figures.truth) {
        table.append([figures.name] + row)
      }
    }
    return table
  }
}
