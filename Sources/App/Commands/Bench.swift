import ArgumentParser
import Files
import FoundationEssentials
import Glibc
import MessagePassing
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
      with both kinds of products. With --report, a page shows where the time goes, layer by layer.

      Under mpirun, the ranks measure the step that they train with together: a batch over all of them, with the \
      messages of the gradients. Images per second are those of all ranks, and a step ends when the last of them has \
      done it. The operations are those of rank 0.

        recolor bench unet                           # the study's model
        recolor bench gan --width 16 --ops           # a smaller one, by operation
        recolor bench unet --ops --report step.html  # a picture of the step's time
        mpirun -n 4 recolor bench unet               # a batch on four ranks
      """)

  @Argument(help: "The model: \(ModelKind.names).")
  var model: ModelKind
  @OptionGroup var options: ModelOptions
  @Option(
    parsing: .unconditional,
    help: """
      Equal parts of a batch with statistics of their own, a power of two, as in train. (default: as many as ranks of \
      mpirun, or 1)
      """)
  var replicas: Int?
  @Option(parsing: .unconditional, help: "Steps, and batches, that are timed.")
  var steps = 10
  @Option(parsing: .unconditional, help: ArgumentHelp("Steps before these, which are not timed.", valueName: "steps"))
  var warmUp = 3
  @Flag(help: "Add a table of the training step's operations, each timed by itself.")
  var ops = false
  @Option(
    name: .customLong("report"),
    help: ArgumentHelp(
      "Write a picture of the step's time, by layer and pass, with all figures of --ops to this new HTML file.",
      valueName: "file"),
    completion: .file(extensions: ["html"]))
  var reportFile: String?
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var productOptions: ProductOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.within(1...Self.largestCount).check(steps, of: "steps")
    try Requirement.within(0...Self.largestCount).check(warmUp, of: "warm-up")
    try RunRequirements.replicas.check(replicas, of: "replicas")
    try options.validate(for: [model])
    guard let reportFile else { return }
    if !ops { throw ValidationError("--report: draws the operations of --ops; add --ops.") }
    if URL(filePath: reportFile).pathExtension.lowercased() != "html" {
      throw ValidationError("--report \(reportFile): only an HTML page is written; give it a name in .html.")
    }
  }

  /// Largest number of steps, whose durations are all kept.
  private static let largestCount = 1_000_000

  func run() throws {
    let place = try RankPlace(of: Communicator.join(version: RecolorVersion.current))
    let ranks = place.ranks
    // The first rank speaks for all.
    if ranks.rank > 0 { Console.level = .silent }
    try ranks.requireAgreement(on: agreements)
    try ranks.together { if ranks.rank == 0 { try NewFile.check(reportFile, of: "report") } }
    let replicas = try ranks.together {
      try Replicas(self.replicas ?? ranks.rankCount, over: ranks, batchSize: options.batchSize)
    }
    let backend = try deviceOptions.device.open(
      precisionOptions.precision, productOptions.cpuProducts, profiling: ops, in: place, isStated: true)
    try place.requireOwn(backend)
    let benchmark = try StepBenchmark(
      options.configuration(model), size: options.size, batchSize: options.batchSize, replicas: replicas, on: backend)
    let training = try benchmark.train(warmUp: warmUp, steps: steps)
    let own = BenchReport.Rank(backend, waitingPart: training.waitingPart, peakMemory: ProcessMemory.peakByteCount)
    let inference = try benchmark.infer(warmUp: warmUp, batches: steps)
    let operations = ops ? try OperationsReport(benchmark, steps: steps, on: backend) : nil
    let all = try ranks.gather([UInt8](try JSONEncoder().encode(own)))
    guard ranks.rank == 0 else { return }
    let result = BenchReport(
      self, backend, replicas: replicas, secondsToFirstStep: benchmark.secondsToFirstStep,
      training: training.durations, inference: inference,
      ranks: try all.map { try JSONDecoder().decode(BenchReport.Rank.self, from: Data($0)) }, operations: operations)
    // First, so that what was measured is not lost where the page cannot be written.
    try Console.output(report.json ? try JSONReport.text(result) : result.text)
    if let reportFile, let operations {
      let page = StepPage(bench: result, operations: operations, backend: backend, command: Recolor.commandLine).page
      try AtomicFile.write(Array(page.html.markup.utf8), to: reportFile)
    }
  }

  /// The settings that all ranks must have the same of, by name.
  private var agreements: [(name: String, text: String)] {
    [
      ("model", "\(model)"), ("width", "\(options.width)"), ("size", "\(options.size)"),
      ("batch-size", "\(options.batchSize)"), ("upsampling", "\(options.upsampling)"),
      ("replicas", replicas.map(String.init) ?? "none"), ("steps", "\(steps)"), ("warm-up", "\(warmUp)"),
      ("ops", "\(ops)"),
    ]
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
