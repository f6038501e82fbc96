import ArgumentParser
import Models
import Runtime

/// `recolor models`
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Show what the models consist of, layer by layer.",
    discussion: """
      Shows every layer with the shape of its output (height×width×channels), its parameters and its multiply-adds for \
      one image, the totals, and the memory that training takes. Without a model, shows both.

        recolor models unet
        recolor models gan --width 16 --size 64
      """)

  @Argument(help: "unet, the autoencoder, or gan, the conditional DCGAN.")
  var model: ModelKind?
  @OptionGroup var options: ModelOptions
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var report: ReportOptions

  func validate() throws { try options.validate(for: kinds) }

  func run() throws {
    let backend = try deviceOptions.device.open(.named(.float32))
    let reports = try kinds.map { kind in
      try ModelReport(
        options.configuration(kind), size: options.size, batchSize: options.batchSize, on: backend)
    }
    if !report.json {
      try Console.output(reports.map(\.text).joined(separator: "\n\n"))
    } else if model == nil {
      try Console.output(try JSONReport.text(["models": reports]))
    } else {
      try Console.output(try JSONReport.text(reports[0]))
    }
  }

  private var kinds: [ModelKind] { model.map { [$0] } ?? ModelKind.allCases }
}
