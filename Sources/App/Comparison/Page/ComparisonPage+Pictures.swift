import Imaging
import Report

extension ComparisonPage {
  /// The sheet: gray, as each model colors it, as it is.
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
        <p class="controls"><label>Size <input type="range" id="tile-size" min="32" max="256" step="8" value="128"></label>
        <label><input type="checkbox" id="show-scores"> figures</label></p>
        <div class="scroll"><table class="sheet" style="--columns:\(comparison.models.count + 2)">
        <thead><tr>\(label)<th scope="col">gray</th>\(models)<th scope="col">photograph</th></tr></thead>
        <tbody>
        \(rows)</tbody>
        </table></div>
        <p class="note">Nobody picked them: they are \(choice). A click shows a row large. Under each
        picture, if asked for: its ΔE and its colorfulness.</p>
        <dialog id="zoom" aria-label="A row of pictures, large"></dialog>
        """
    }
  }

  private static let largestPixelated = 64

  private func row(_ photograph: Comparison.Photograph, _ images: [RGBImage]) throws(ImageError) -> HTML {
    // Small images show their pixels; large ones are made smaller, where that would look torn.
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
