import ArgumentParser
import Data
import Files
import Models

/// `recolor compare`
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what several models make of the same photographs.",
    discussion: """
      Writes one picture, comparison.png, that shows photographs in gray, as each model colors them, and as they are, and \
      prints the models' figures below one another.

        recolor compare runs/unet runs/gan --data cifar10 --out comparison
      """)

  @Argument(
    help: ArgumentHelp(
      "What to compare: folders of runs, or safetensors files.", valueName: "run"))
  var runs: [String]
  @Option(
    help: ArgumentHelp("Photographs to color: cifar10, scenes, or a folder; of its test part.", valueName: "source"))
  var data: DataSource
  @Option(help: ArgumentHelp("Folder for the picture; made if it is missing.", valueName: "folder"))
  var out: String
  @Option(parsing: .unconditional, help: "Measure on the first so many only. (default: all)")
  var images: Int?
  @Option(parsing: .unconditional, help: "Photographs in the picture.")
  var rows = 8
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard !out.isEmpty else { throw ValidationError("--out: names no folder.") }
    if let images, images < 1 { throw ValidationError("--images \(images): must be at least 1.") }
    guard (1...256).contains(rows) else { throw ValidationError("--rows \(rows): must be from 1 to 256.") }
  }

  func run() throws {
    var models: [(name: String, weights: Checkpoint)] = []
    for run in runs {
      let weights = try Checkpoint(reading: WeightsPath.url(run))
      models.append((WeightsPath.name(of: weights), weights))
    }
    // Two runs of the same name are told apart by their paths.
    let names = models.map(\.name)
    for (index, run) in runs.enumerated() where names.count(where: { $0 == names[index] }) > 1 {
      models[index].name = run
    }
    let dataset = try EvaluationData(data, .test, images: images).load(for: models.map(\.weights))
    let backend = try deviceOptions.device.open(precisionOptions.precision)
    let comparison = try Comparison(models, dataset: dataset, rowCount: rows, on: backend)
    try Folder.create(out)
    let picture = "\(out)/comparison.png"
    try comparison.sheet.rendered().writePNG(to: picture)
    try Console.output(
      report.json ? try JSONReport.text(comparison) : "\(comparison.text)\n\nThe picture is \(picture).")
  }
}
