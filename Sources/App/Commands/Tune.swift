import ArgumentParser
import CLKernels
import Models
import Runtime

/// `recolor tune`
struct Tune: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the fastest kernels for a model on an OpenCL device.",
    discussion: """
      Tries other algorithms and tile sizes for every convolution of a training step and of inference, compares each \
      with naive loops, times it, and keeps the best in a file for this device, driver and precision. From then on \
      every command uses them for these shapes. The built-in ones are good; this gains a few per cent. Needs a device \
      that does nothing else meanwhile. Ctrl-C keeps the results so far.

        recolor tune unet                          # the study's model
        recolor tune gan --width 16 --seconds 300  # another one, for longer

      Results of a training run may differ by rounding after tuning, so its config.json names the tuning it used.
      """)

  @Argument(help: "The model: \(ModelKind.names).")
  var model: ModelKind
  @OptionGroup var options: ModelOptions
  @Option(parsing: .unconditional, help: ArgumentHelp("How long to search.", valueName: "budget"))
  var seconds = 60.0
  @Flag(help: "Discard the results of earlier searches on this device.")
  var reset = false
  @Flag(help: "Do not store the results.")
  var dryRun = false
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    guard seconds > 0, seconds <= 1e6 else {
      throw ValidationError("--seconds \(seconds): must be above 0, and at most 1000000.")
    }
    if reset, dryRun { throw ValidationError("--reset: forgets nothing with --dry-run.") }
    try options.validate(for: [model])
  }

  func run() throws {
    // The processor backend has nothing to tune, so `auto` is the best OpenCL device here.
    let device = deviceOptions.device == .automatic ? .openCL : deviceOptions.device
    guard let backend = try device.open(precisionOptions.precision, .automatic) as? CLBackend else {
      Console.warning(
        "the processor backend chooses its algorithms by itself; there is something to tune on OpenCL devices alone: "
          + "--device opencl"
      )
      if report.json { try Console.output(try JSONReport.text(TuneReport.empty)) }
      return
    }
    let store = TuningStore.standard()
    guard dryRun || store != nil else { throw TuneError.noFolder }
    let plan = try StepPlan(
      options.configuration(model), height: options.size, width: options.size, batchSize: options.batchSize)
    let stop = StopSignal()
    let display = ProgressDisplay()
    let tuner = try ConvolutionTuner(
      device: backend.device, precision: backend.precision, store: dryRun ? nil : store, reset: reset)
    let found: ConvolutionTuner.Report
    do {
      defer { display.clear() }
      found = try tuner.tune(
        step: plan.trainingOperations, others: plan.predictionOperations, seconds: seconds,
        progress: { display.update(Self.line($0), name: "\($0.key)") }, shouldStop: { stop.isReceived })
    }
    for broken in found.broken { Console.warning("\(broken); run \"recolor check\"") }
    let isKept = !dryRun && !found.rows.isEmpty
    let result = TuneReport(found, backend, path: !isKept ? nil : store?.path(for: backend.device, backend.precision))
    try Console.output(report.json ? try JSONReport.text(result) : result.text)
    if stop.isReceived { throw try stop.exitCode() }
  }

  private static func line(_ progress: ConvolutionTuner.Progress) -> String {
    "\(progress.done)/\(progress.total)  \(Format.duration(seconds: progress.secondsLeft)) left  "
  }
}

/// An error of `recolor tune`.
enum TuneError: Error, CustomStringConvertible {
  case noFolder

  var description: String {
    "there is no folder to keep the results in; set RECOLOR_CACHE to one, or only look with --dry-run"
  }
}
