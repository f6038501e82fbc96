import Files
import FoundationEssentials
import Models
import Report

/// The page of one or several runs as a file that needs no server, in the form of `compare`'s page.
struct RunsPage {
  let runs: [WatchedRun]

  init(_ runs: [WatchedRun]) { self.runs = runs }

  /// - Throws: `FileError` where a sheet cannot be read.
  var page: ReportPage {
    get throws(FileError) {
      var sections = [ReportPage.Section("runs", "Runs", table)]
      let logs = runs.map { run in (name: run.name, table: Self.table(of: run)) }
      let curves = Curves(logs)
      if !curves.quantities.isEmpty {
        sections.append(.init("curves", "Curves", CurvesSection(curves: curves, names: runs.map(\.name)).html))
      }
      let sheets = try self.sheets
      if !sheets.isEmpty { sections.append(.init("samples", "Samples", "\(sheets)")) }
      sections.append(.init("settings", "Settings", settings))
      return ReportPage(
        title: Format.list(runs.map(\.name), "and"),
        introduction:
          "<p class=\"lead\">\(runs.count == 1 ? "A training run" : "Training runs") of Recolor, as of the last epoch that is done.</p>",
        sections: sections, footer: "Made by Recolor \(RecolorVersion.current).")
    }
  }

  /// The rows of `metrics.csv` as they are read.
  private static func table(of run: WatchedRun) -> CSVTable? {
    guard !run.columns.isEmpty else { return nil }
    var table = CSVTable(columns: run.columns)
    for row in run.rows { table.append(row.map { $0.map { "\($0)" } ?? "" }) }
    return table
  }

  private var table: HTML {
    let rows = runs.enumerated().map { index, run -> HTML in
      let summary = run.summary
      let epochs = "\(summary.epoch)" + (summary.epochs.map { " of \($0)" } ?? "")
      let error = summary.last["validation_mse"].map { Format.significant($0, 4) } ?? "–"
      return """
        <tr><th scope="row">\(LineChart.swatch(index))\(run.name)</th><td>\(summary.model ?? "–")</td>\
        <td>\(summary.state.rawValue)</td><td>\(epochs)</td><td>\(error)</td>\
        <td>\(summary.best.map { "\($0)" } ?? "–")</td></tr>

        """
    }
    return """
      <div class="scroll"><table class="figures">
      <thead><tr><th scope="col">run</th><th scope="col">model</th><th scope="col">state</th><th scope="col">epochs</th>\
      <th scope="col">validation MSE</th><th scope="col">best epoch</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table></div>
      """
  }

  /// Largest sheet, in bytes.
  private static let largestSheet = 1 << 26

  /// The last sheet of each run.
  private var sheets: [HTML] {
    get throws(FileError) {
      var sheets: [HTML] = []
      for run in runs {
        guard let epoch = run.samples.last else { continue }
        let bytes = try readOrdinaryFile(run.sample(epoch: epoch), limit: Self.largestSheet)
        let title = "\(run.name), epoch \(epoch): gray, predicted, photograph"
        sheets.append(
          """
          <figure><figcaption>\(title)</figcaption>
          <img src="\(DataURI.png(bytes))" alt="\(title)"></figure>

          """)
      }
      return sheets
    }
  }

  private var settings: HTML {
    SettingsSection(
      names: runs.map(\.name),
      settings: runs.map { run in
        (try? JSONDecoder().decode(JSONValue.self, from: Data(run.configurationText.utf8))) ?? .object([:])
      }, about: [("folder", runs.map(\.summary.path))], note: "From each run’s config.json."
    ).html
  }
}
