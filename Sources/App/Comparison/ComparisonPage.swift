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
        title: "\(Format.list(comparison.models.map(\.name), "and")) on \(comparison.data)", introduction: introduction,
        sections: sections, footer: "Made by Recolor \(comparison.version).")
    }
  }

  private var introduction: HTML {
    let models: HTML = comparison.models.count == 1 ? "a model" : "\(comparison.models.count) models"
    return """
      <p class="lead">What \(models) made of the gray copies of the same \(Format.count(comparison.images)) \
      photographs (\(comparison.imageWidth) × \(comparison.imageHeight) pixels), compared with the photographs. The \
      gray copy is the baseline of every error, the photographs’ colorfulness is the target.</p>
      """
  }

  /// Returns the colored dot of a model.
  static func swatch(_ index: Int) -> HTML { LineChart.swatch(index) }
}

extension ComparisonPage {
  /// The table of pictures: the gray copy, each model's prediction, and the photograph.
  var pictures: HTML {
    get throws(ImageError) {
      var rows: [HTML] = []
      for (photograph, images) in zip(comparison.photographs, comparison.pictures) {
        rows.append(try row(photograph, images))
      }
      let label: HTML = comparison.classes.isEmpty ? "" : "<th></th>"
      let models = comparison.models.enumerated().map { index, model -> HTML in
        "<th scope=\"col\">\(Self.swatch(index))\(model.name)</th>"
      }
      let choice =
        comparison.classes.isEmpty
        ? "the first in the data set’s order"
        : "the first of each class, then the second of each, in the data set’s order"
      return """
        <p class="controls"><label>Size <input type="range" id="tile-size" min="32" max="256" step="8" \
        value="128"></label>
        <label><input type="checkbox" id="show-scores"> figures</label></p>
        <div class="scroll"><table class="sheet" style="--columns:\(comparison.models.count + 2)">
        <thead><tr>\(label)<th scope="col">gray</th>\(models)<th scope="col">photograph</th></tr></thead>
        <tbody>
        \(rows)</tbody>
        </table></div>
        <p class="note">They were not selected by hand: they are \(choice). A click shows a row large. Under each
        picture, if asked for: its ΔE and its colorfulness.</p>
        <dialog id="zoom" aria-label="A row of pictures, large"></dialog>
        """
    }
  }

  /// Largest width of an image that is magnified without smoothing.
  private static let largestPixelated = 64

  private func row(_ photograph: Comparison.Photograph, _ images: [RGBImage]) throws(ImageError) -> HTML {
    // Small images are magnified without smoothing; large ones are scaled down smoothly.
    let kind: HTML = comparison.imageWidth <= Self.largestPixelated ? " class=\"pixels\"" : ""
    var cells: [HTML] = []
    for (column, image) in images.enumerated() {
      let name: String
      let scores: String
      switch column {
      case 0:
        name = "gray"
        scores = "ΔE \(Format.fixed(photograph.grayCopyDeltaE, 1))"
      case images.count - 1:
        name = "photograph"
        scores = "color \(Format.fixed(photograph.truthColorfulness, 1))"
      default:
        name = comparison.models[column - 1].name
        let colorfulness = Format.fixed(photograph.colorfulness[column - 1], 1)
        scores = "ΔE \(Format.fixed(photograph.deltaE[column - 1], 1)), color \(colorfulness)"
      }
      let description = [name, photograph.className].compactMap { $0 }.joined(separator: ", ")
      cells.append(
        """
        <td><button type="button" title="\(description)"><img\(kind) \
        src="\(DataURI.png(try image.png()))" width="\(image.width)" height="\(image.height)" alt="\(description)" \
        data-name="\(name)"></button>\
        <small>\(scores)</small></td>
        """)
    }
    let label: HTML = photograph.className.map { "<th scope=\"row\">\($0)</th>" } ?? ""
    return "<tr>\(label)\(cells)</tr>\n"
  }
}

extension ComparisonPage {
  /// A chart for each logged quantity, with all runs that log it.
  var curves: HTML { CurvesSection(curves: comparison.curves, names: comparison.models.map(\.name)).html }
}

extension ComparisonPage {
  /// The definitions of the metrics, and how to repeat the comparison.
  var method: HTML {
    """
    <p>\(comparison.data), \(Format.count(comparison.images)) photographs from <code>\(comparison.source)</code> at \
    \(comparison.imageWidth) × \(comparison.imageHeight) pixels. A model sees the gray copy of a photograph, the mean \
    of red, green and blue, and nothing else; its answer is limited to 0…1 and not rounded. The gray copy’s row scores \
    that mean in all three channels. Every figure is of single photographs first and then the mean over them, in their \
    order; the pooled PSNR is of the mean error.</p>
    <dl>
    \(Metric.allCases.map { "<dt>\($0.heading)</dt><dd>\($0.meaning)</dd>\n" as HTML })</dl>
    <p>CIELAB is of the white point D65 and the 2° observer. The program’s tests hold MSE, PSNR, SSIM, MAE, CIELAB and \
    CIEDE2000 against scikit-image, and CIEDE2000 against the pairs that were published with it.</p>
    <p>Computed by Recolor \(comparison.version) on \(comparison.deviceDescription) \
    (<code>\(comparison.device)</code>, \(comparison.precision.rawValue)). This repeats it:</p>
    <div class="command"><pre><code>\(comparison.command)</code></pre>\
    <button type="button" class="copy">Copy</button></div>
    """
  }

  /// The settings of the models, side by side.
  var settings: HTML {
    SettingsSection(
      names: comparison.models.map(\.name), settings: comparison.models.map(\.settings),
      about: [
        ("weights", comparison.models.map(\.checkpoint)), ("model", comparison.models.map(\.model.rawValue)),
        ("width", comparison.models.map { String($0.width) }),
      ],
      note: "From each run’s config.json, or, of weights outside a run, from what their file says."
    ).html
  }
}
