import ArgumentParser
import Glibc
import Models
import Runtime

/// `recolor bench`
struct Bench: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a model trains and colors on a device.",
    discussion: """
      Times whole training steps on random images, each to its end on the device, after some that are not counted; \
      then batches that are colored, in the same way. With --ops, each operation is timed by itself, on OpenCL by the \
      device's own clock, and compared with the measured peaks of the device; on the processor convolutions are timed \
      with both kinds of products.

        recolor bench unet                     the study's model
        recolor bench gan --width 16 --ops     a smaller one, operation by operation
      """)

  @Argument(help: "The model: \(ModelKind.names).")
  var model: ModelKind
  @OptionGroup var options: ModelOptions
  @Option(parsing: .unconditional, help: "Steps, and batches, that are timed.")
  var steps = 10
  @Option(parsing: .unconditional, help: ArgumentHelp("Steps before these, which are not timed.", valueName: "steps"))
  var warmUp = 3
  @Flag(help: "Add a table of the training step's operations, each timed by itself.")
  var ops = false
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var productOptions: ProductOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.within(1...Self.largestCount).check(steps, of: "steps")
    try Requirement.within(0...Self.largestCount).check(warmUp, of: "warm-up")
    try options.validate(for: [model])
  }

  /// Largest number of steps, whose durations are all kept.
  private static let largestCount = 1_000_000

  func run() throws {
    let backend = try deviceOptions.device.open(
      precisionOptions.precision, productOptions.cpuProducts, profiling: ops, isStated: true)
    let benchmark = try StepBenchmark(
      options.configuration(model), size: options.size, batchSize: options.batchSize, on: backend)
    let training = try benchmark.train(warmUp: warmUp, steps: steps)
    let peakMemory = ProcessMemory.peakByteCount
    let inference = try benchmark.infer(warmUp: warmUp, batches: steps)
    let result = BenchReport(
      self, backend, secondsToFirstStep: benchmark.secondsToFirstStep, training: training, inference: inference,
      peakMemoryBytes: peakMemory, operations: ops ? try OperationsReport(benchmark, steps: steps, on: backend) : nil)
    try Console.output(report.json ? try JSONReport.text(result) : result.text)
  }
}

/// The memory of this process.
enum ProcessMemory {
  /// The largest resident set so far, in bytes.
  static var peakByteCount: Int {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  }
}
