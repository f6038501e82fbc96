import Imaging

extension Metric {
  /// Returns the value of a set of images in the metric's unit.
  func value(_ metrics: ImageMetrics) -> Double { self.scale * metrics[self] }

  /// Returns the value without its unit.
  func number(_ metrics: ImageMetrics) -> String { Format.fixed(value(metrics), self.digits) }

  /// Returns the value with its unit.
  func text(_ metrics: ImageMetrics) -> String { number(metrics) + (self.unit.isEmpty ? "" : " \(self.unit)") }

  /// The unit where the heading does not end with it; empty otherwise.
  var unitBesideHeading: String { self.heading.hasSuffix(self.unit) ? "" : self.unit }

  /// The heading with the unit.
  var headingWithUnit: String { self.heading + (unitBesideHeading.isEmpty ? "" : ", \(unitBesideHeading)") }

  /// Whether the photographs' own value carries information. Their distance from themselves does not.
  var describesPhotographs: Bool { self.goal == .photographs }

  /// The table of metrics: a row for each model, one for the gray copy, one for the photographs.
  static func table(
    models: [(name: String, metrics: ImageMetrics)], grayCopy: ImageMetrics, truth: ImageMetrics
  ) -> String {
    let columns = [TextTable.Column.left("")] + allCases.map { .right($0.heading) }
    let rows = (models + [("gray copy", grayCopy)]).map { name, metrics in [name] + allCases.map { $0.text(metrics) } }
    let photographs = allCases.map { $0.describesPhotographs ? $0.text(truth) : "" }
    return TextTable.text(columns, rows + [["photographs"] + photographs])
  }
}
