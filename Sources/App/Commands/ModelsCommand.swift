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
  @Option(parsing: .unconditional, help: "Channels of the first level; the levels below have 2 to 16 times as many.")
  var width = 64
  @Option(parsing: .unconditional, help: "Width and height of the images, a multiple of 16.")
  var size = 32
  @Option(parsing: .unconditional, help: "Images in a training step.")
  var batchSize = 64
  @Option(help: "How the decoder doubles its maps.")
  var upsampling: UpsamplingKind = .transposed
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard (1...65_536).contains(batchSize) else {
      throw ValidationError("--batch-size \(batchSize): must be from 1 to 65536.")
    }
    guard size <= 4096 else { throw ValidationError("--size \(size): must be at most 4096.") }
    for kind in kinds {
      do throws(ModelError) {
        try ModelConfiguration(kind: kind, width: width, upsampling: upsampling).validate(height: size, width: size)
      } catch {
        throw ValidationError("--\(error).")
      }
    }
  }

  func run() throws {
    let backend = try deviceOptions.device.open(quietly: true)
    let reports = try kinds.map { kind in
      try ModelReport(
        ModelConfiguration(kind: kind, width: width, upsampling: upsampling), size: size, batchSize: batchSize,
        on: backend)
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
