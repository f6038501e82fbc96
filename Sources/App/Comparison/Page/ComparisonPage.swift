import Imaging
import Report

/// A comparison as a page for a browser.
struct ComparisonPage {
  let comparison: Comparison

  init(_ comparison: Comparison) { self.comparison = comparison }

  /// - Throws: `ImageError` where a picture cannot be encoded.
  var page: ReportPage {
    get throws(ImageError) {
      var sections = [
        ReportPage.Section("figures", "Figures", figures), ReportPage.Section("pictures", "Pictures", try pictures),
      ]
      if !comparison.classes.isEmpty { sections.append(.init("classes", "Classes", classes)) }
      if !comparison.curves.quantities.isEmpty { sections.append(.init("curves", "Curves", curves)) }
      sections += [.init("method", "Method", method), .init("settings", "Settings", settings)]
      return ReportPage(
        title: "\(names(of: comparison.models)) on \(comparison.data)", introduction: introduction, sections: sections,
        footer: "Made by Recolor \(comparison.version).")
    }
  }

  private func names(of models: [Comparison.Model]) -> String {
    let names = models.map(\.name)
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }

  private var introduction: HTML {
    let models: HTML = comparison.models.count == 1 ? "a model" : "\(comparison.models.count) models"
    return """
      <p class="lead">What \(models) made of the gray copies of the same \(Format.count(comparison.images)) photographs \
      (\(comparison.imageWidth) × \(comparison.imageHeight) pixels), held against the photographs. The gray copy is the bar \
      to pass in every error, the photographs’ colorfulness the one to reach.</p>
      """
  }

  /// The dot that a model has everywhere on the page.
  static func swatch(_ index: Int) -> HTML {
    "<i class=\"swatch\" style=\"--color:var(--series-\(index % LineChart.colorCount))\"></i>"
  }
}
