import ArgumentParser
import Data
import Files
import Models

/// `recolor compare`
struct Compare: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare several models on the same photographs.",
    discussion: """
      Colors the gray copies of photographs with each model, measures how far the results are from the photographs, \
      and writes into a folder:

        index.html       all in one page that needs no network
        comparison.png   the pictures: gray, as each model colors them, as they are
        comparison.json  all figures
        comparison.csv   the figures of each model
        classes.csv      the figures of each model on each class
        curves.csv       what the runs logged

        recolor compare runs/unet runs/gan --data cifar10 --out comparison
        recolor compare runs/album builtin:photo --data photos --out new
        recolor compare washed=runs/unet vivid=runs/gan --data photos --out new
      """)

  @Argument(
    help: ArgumentHelp(
      """
      What to compare: folders of runs, which stand for their best weights, safetensors files, or built-in models, \
      \(BuiltInModel.list).
      """,
      discussion: "NAME=MODEL calls it by another name than its folder's.", valueName: "model"))
  var runs: [ModelArgument]
  @Option(
    help: ArgumentHelp(
      "Photographs to color: cifar10, cifar100, scenes, or a folder; of its test part.", valueName: "source"))
  var data: DataSource
  @Option(help: ArgumentHelp("Folder for the page; made if it is missing.", valueName: "folder"))
  var out: String
  @Option(parsing: .unconditional, help: "Number of photographs to measure on, the first ones. (default: all)")
  var images: Int?
  @OptionGroup var tonedOptions: TonedOptions
  @Option(
    parsing: .unconditional, help: "Photographs in the picture: the first of each class, the second of each, and so on."
  )
  var rows = 10
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Width and height that the photographs are resized to. (default: what the first model was trained on)",
      discussion: "CIFAR-10 has only 32."))
  var size: Int?
  @Flag(help: "Write into the folder even if it holds something else than an earlier comparison.")
  var force = false
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var productOptions: ProductOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.positive.check(images, of: "images")
    try Requirement.within(1...256).check(rows, of: "rows")
    if let size, !ModelConfiguration.imageExtents.contains(size) || !size.isMultiple(of: 16) {
      throw ValidationError("--size \(size): must be a multiple of 16 from 16 to 4096.")
    }
  }

  func run() throws {
    // Errors are found before the work.
    let folder = try ComparisonFolder(out, isForced: force)
    let models = try ComparedModel.open(runs)
    let dataset = try EvaluationData(data, .test, images: images, toned: tonedOptions.toned)
      .load(for: models.map(\.weights), size: size)
    for model in models {
      guard let trained = model.weights.imageSize,
        trained != (height: dataset.height, width: dataset.width)
      else { continue }
      Console.warning(
        "\(model.name) was trained on \(trained.width)×\(trained.height) images and is measured on "
          + "\(dataset.width)×\(dataset.height); --size says which size all are measured on")
    }
    let backend = try deviceOptions.device.open(precisionOptions.precision, productOptions.cpuProducts)
    let comparison = try Comparison(models, dataset: dataset, rowCount: rows, command: Recolor.commandLine, on: backend)
    try folder.write(comparison)
    try Console.output(
      report.json ? try JSONReport.text(comparison) : "\(comparison.text)\n\nThe page is \(folder.page.printable).")
  }
}
