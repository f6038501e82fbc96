import ArgumentParser
import Models
import Runtime

/// `recolor bench`
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a model trains on a device.",
    discussion: """
      Times whole training steps on random images, each to its end on the device, after some that are not counted.

        recolor bench unet                     the study's model
        recolor bench gan --width 16 --ops     a smaller one, operation by operation
      """)

  @Argument(help: "The model: unet or gan.")
  var model: ModelKind
  @Option(parsing: .unconditional, help: "Channels of the first level; 64 in the study.")
  var width = 64
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pixels along each side of the images, a multiple of 16.", valueName: "pixels"))
  var size = 32
  @Option(parsing: .unconditional, help: ArgumentHelp("Images in a step.", valueName: "images"))
  var batchSize = 64
  @Option(parsing: .unconditional, help: "Steps that are timed.")
  var steps = 10
  @Option(parsing: .unconditional, help: ArgumentHelp("Steps before them that are not.", valueName: "steps"))
  var warmUp = 3
  @Flag(help: "Add a table of the step's operations, each timed by itself.")
  var ops = false
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    for (name, value, least) in [("batch-size", batchSize, 1), ("steps", steps, 1), ("warm-up", warmUp, 0)]
    where value < least {
      throw ValidationError("--\(name) \(value): must be at least \(least).")
    }
  }

  func run() throws {
    let configuration = try ModelConfiguration(kind: model, width: width)
    let backend = try deviceOptions.device.open(quietly: report.json)
    let benchmark = try StepBenchmark(configuration, size: size, batchSize: batchSize, on: backend)
    let result = BenchReport(
      self, backend, try benchmark.run(warmUp: warmUp, steps: steps),
      operations: ops ? try benchmark.profile(steps: steps) : [])
    try Console.output(report.json ? try JSONReport.text(result) : result.text)
  }
}
