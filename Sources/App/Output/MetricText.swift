import Data
import Imaging

extension Metric {
  /// Returns the value of a set of images in the metric's unit.
  func value(_ metrics: ImageMetrics) -> Double { self.scale * metrics[self] }

  /// Returns the value without its unit.
  func number(_ metrics: ImageMetrics) -> String { Format.fixed(value(metrics), self.digits) }

  /// Returns the value with its unit.
  func text(_ metrics: ImageMetrics) -> String { number(metrics) + (self.unit.isEmpty ? "" : " \(self.unit)") }

  /// The heading with the unit, where the heading does not end with it.
  var headingWithUnit: String {
    self.unit.isEmpty || self.heading.hasSuffix(self.unit) ? self.heading : "\(self.heading), \(self.unit)"
  }

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

/// The scores that those of models are compared with, on the same photographs.
struct ReferenceScores {
  /// The scores of the gray copies, which a model must exceed.
  let grayCopy: [ImageScores]
  /// The scores of the photographs against themselves, whose colorfulness is the aim.
  let truth: [ImageScores]

  init(_ dataset: ImageDataset) {
    let scorer = ImageScorer(width: dataset.width, height: dataset.height)
    grayCopy = scorer.grayCopyScores(photographs: dataset.bytes)
    truth = scorer.photographScores(dataset.bytes)
  }
}
