import ArgumentParser
import Files
import KernelCases
import Runtime

/// `recolor check`
struct Check: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a device's kernels with a reference in double precision.",
    discussion: """
      Runs every operation, forward and backward, on shapes that fit no tile, and compares the results with a \
      reference. Run it first on an untested device. An OpenCL device runs the kernels that it would use, in every \
      precision that it would use, and the plain loops of convolutions; with --all, the bodies of other kinds of \
      devices and every algorithm as well, emulated tensor cores among them. On the processor convolutions run with the \
      vector loops and with BLAS. The worst cases come first. Ends with 1 if anything fails.

        recolor check                          # the device that would be taken
        recolor check --device opencl:0.1      # another one
        recolor check --filter Convolution     # one operation
        recolor check --report check.md        # keep the results as a page
      """)

  /// A value of `--size`.
  enum Size: String, CaseIterable, ExpressibleByArgument {
    case smallest, awkward

    var caseSize: CaseSize { self == .smallest ? .smallest : .awkward }
  }

  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var productOptions: ProductOptions
  @Option(
    help: "Shapes to run: awkward ones of every kind, or the smallest of each for tools that run a kernel slowly.")
  var size: Size = .awkward
  @Option(help: ArgumentHelp("Run only the operations whose name has this in it.", valueName: "operation"))
  var filter: String?
  @Flag(help: "On an OpenCL device, also run the kernels that it would not use.")
  var all = false
  @Option(
    name: .customLong("report"),
    help: ArgumentHelp("Write the device, its driver and all results to this new Markdown file.", valueName: "file"))
  var reportFile: String?
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    guard cases.isEmpty else { return }
    var names: [String] = []
    for kernelCase in KernelCases.all(size.caseSize) where !names.contains(kernelCase.name) {
      names.append(kernelCase.name)
    }
    throw ValidationError(
      "--filter \(filter ?? ""): no operation has this in its name; there is \(names.joined(separator: ", ")).")
  }

  func run() throws {
    try NewFile.check(reportFile, of: "report")
    let start = ContinuousClock.now
    let check = try KernelCheck(
      cases: cases, on: try deviceOptions.device.open(.automatic, productOptions.cpuProducts), allForms: all)
    if !report.json { try Console.output("\(check.deviceDescription)\n") }
    let display = ProgressDisplay(first: .milliseconds(500))
    let result = check.run { display.update(Self.line($0)) }
    display.clear()
    let page = CheckReport(result: result, backend: check.backend)
    if let reportFile {
      let text = page.page(command: Recolor.commandLine, seconds: start.secondsUntilNow)
      try AtomicFile.write(Array(text.utf8), to: reportFile)
    }
    try Console.output(report.json ? try JSONReport.text(result) : page.text(isWhole: verbosity.verbose))
    guard result.failed == 0 else { throw ExitCode.failure }
  }

  private static func line(_ progress: KernelCheck.Progress) -> String {
    let cases = Format.counted(progress.total, "case")
    guard let left = progress.secondsLeft else { return "preparing \(cases)" }
    let time = progress.done > 0 ? "  \(Format.duration(seconds: left)) left" : ""
    return "checking: case \(Format.count(progress.done + 1)) of \(cases)\(time)"
  }

  private var cases: [KernelCase] {
    KernelCases.all(size.caseSize).filter { kernelCase in
      filter.map { kernelCase.name.lowercased().contains($0.lowercased()) } ?? true
    }
  }
}
