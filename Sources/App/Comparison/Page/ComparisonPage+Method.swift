import Report

extension ComparisonPage {
  /// How the figures came about.
  var method: HTML {
    """
    <p>\(comparison.data), \(Format.count(comparison.images)) photographs from <code>\(comparison.source)</code> at \
    \(comparison.imageWidth) × \(comparison.imageHeight) pixels. A model sees the gray copy of a photograph, the mean of red, \
    green and blue, and nothing else; its answer is limited to 0…1 and not rounded. The gray copy’s row scores that mean in \
    all three channels. Every figure is of single photographs first and then the mean over them, in their order; the pooled \
    PSNR is of the mean error.</p>
    <dl>
    \(MetricColumn.all.map { "<dt>\($0.heading)</dt><dd>\($0.meaning)</dd>\n" as HTML })</dl>
    <p>CIELAB is of the white point D65 and the 2° observer. The program’s tests hold MSE, PSNR, SSIM, MAE, CIELAB and \
    CIEDE2000 against scikit-image, and CIEDE2000 against the pairs that were published with it.</p>
    <p>Computed by Recolor \(comparison.version) on \(comparison.deviceDescription) (<code>\(comparison.device)</code>, \
    \(comparison.precision.rawValue)). This repeats it:</p>
    <div class="command"><pre><code>\(comparison.command)</code></pre>\
    <button type="button" class="copy">Copy</button></div>
    """
  }

  /// Everything that decided how the runs went, side by side.
  var settings: HTML {
    let leaves = comparison.models.map { Dictionary($0.settings.leaves(), uniquingKeysWith: { first, _ in first }) }
    let keys = Set(leaves.flatMap(\.keys)).sorted()
    let rows = keys.map { key -> HTML in
      let values = leaves.map { $0[key] }
      let kind: HTML = values.allSatisfy { $0 == values[0] } ? "same" : "differs"
      return """
        <tr class="\(kind)"><th scope="row">\(key)</th>\(values.map { "<td>\($0 ?? "–")</td>" as HTML })</tr>

        """
    }
    let models = comparison.models.enumerated().map { index, model -> HTML in
      "<th scope=\"col\">\(Self.swatch(index))\(model.name)</th>"
    }
    let about = [
      row("weights", comparison.models.map(\.checkpoint)), row("model", comparison.models.map(\.model.rawValue)),
      row("width", comparison.models.map { String($0.width) }),
    ]
    return """
      <p class="controls"><label><input type="checkbox" id="only-differences"> only what differs</label></p>
      <div class="scroll"><table class="settings">
      <thead><tr><th></th>\(models)</tr></thead>
      <tbody>\(about)</tbody>
      <tbody>
      \(rows)</tbody>
      </table></div>
      <p class="note">From each run’s config.json, or, of weights outside a run, from what their file says.</p>
      """
  }

  private func row(_ heading: String, _ values: [String]) -> HTML {
    "<tr><th scope=\"row\">\(heading)</th>\(values.map { "<td>\($0)</td>" as HTML })</tr>\n"
  }
}
