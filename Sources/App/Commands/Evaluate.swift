import ArgumentParser
import Data
import Files
import FoundationEssentials
import Models

/// `recolor evaluate`
struct Evaluate: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how well a model colors photographs that it has not seen.",
    discussion: """
      Colors the gray copies of photographs and compares the results with the photographs. Two more rows are for \
      comparison: the gray copy itself, which scores well without any color, and the photographs, whose colorfulness \
      is the target. With --full-size, photographs of any size are colored as colorize does and measured at that size.

        recolor evaluate runs/gan --data cifar10
        recolor evaluate weights.safetensors --data photos --images 500 --json
        recolor evaluate runs/gan --data photos --full-size --csv scores.csv

      See docs/evaluate.md.
      """)

  /// A value of `--split`.
  enum Split: String, CaseIterable, Encodable, ExpressibleByArgument {
    case test, validation, train
  }

  @OptionGroup var checkpoint: CheckpointArgument
  @Option(help: ArgumentHelp("Photographs to measure on: cifar10, cifar100, scenes, or a folder.", valueName: "source"))
  var data: DataSource
  @Option(
    help: ArgumentHelp(
      "The part to measure on: the test photographs, or those that the run validated or trained on. (default: test)",
      discussion: """
        The latter two are those of the run that the weights are in. Of a folder of images that holds folders train \
        and val but none test, the test part is val; of one without such folders, what the run was not trained on.
        """))
  var split: Split?
  @Option(parsing: .unconditional, help: "Number of photographs to measure on, the first ones. (default: all)")
  var images: Int?
  @Option(
    help: ArgumentHelp(
      "Also write the model's colors to this file.",
      discussion: "In safetensors format: a tensor named predictions, [N, 3, H, W] in 0...1.", valueName: "file"))
  var predictions: String?
  @OptionGroup var tonedOptions: TonedOptions
  @OptionGroup(title: "Full size") var fullSizeOptions: FullSizeOptions
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var productOptions: ProductOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.positive.check(images, of: "images")
    try fullSizeOptions.validate(with: self)
  }

  func run() throws {
    try NewFile.check(predictions, of: "predictions")
    try NewFile.check(fullSizeOptions.csv, of: "csv")
    let weights = try checkpoint.open()
    if fullSizeOptions.fullSize { return try measureAtFullSize(weights) }
    let split = split ?? .test
    let dataset = try EvaluationData(data, split, images: images, toned: tonedOptions.toned).load(for: [weights])
    let backend = try deviceOptions.device.open(precisionOptions.precision, productOptions.cpuProducts)
    let result = try EvaluationReport(weights, split, dataset, on: backend)
    try Console.output(report.json ? try JSONReport.text(result) : result.text)
    if let predictions {
      try PredictionFile.write(weights, dataset: dataset, to: URL(filePath: predictions), on: backend)
    }
  }

  private func measureAtFullSize(_ weights: Checkpoint) throws {
    let pictures = try FullSizePictures(data, images: images, toned: tonedOptions.toned ?? .drop)
    let backend = try deviceOptions.device.open(precisionOptions.precision, productOptions.cpuProducts)
    let result = try FullSizeReport(
      weights, pictures, fullSizeOptions.coloring.choice.settings(over: weights.coloringSettings), on: backend)
    // The report is not lost where the file cannot be written.
    try Console.output(report.json ? try JSONReport.text(result) : result.text)
    if let csv = fullSizeOptions.csv {
      try AtomicFile.write(Array(result.table.text.writingOutPathBytes.utf8), to: csv)
    }
  }
}
