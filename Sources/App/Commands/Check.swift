import ArgumentParser
import CLKernels
import KernelCases
import Runtime

/// `recolor check`
struct Check: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare every kernel on a device with a reference in double precision.",
    discussion: """
      Runs every operation, forward and backward, on shapes that fit no tile, and compares the results with a \
      reference. Run it first on an untested device. On an OpenCL device every kernel runs with its GPU bodies and its \
      CPU bodies, and convolutions with every algorithm. Ends with 1 if anything fails.

        recolor check                          # the device that would be taken
        recolor check --device opencl:0.1      # another one
        recolor check --filter Convolution     # one operation
      """)

  /// A value of `--size`.
  enum Size: String, CaseIterable, ExpressibleByArgument {
    case smallest, awkward

    var caseSize: CaseSize { self == .smallest ? .smallest : .awkward }
  }

  @OptionGroup var deviceOptions: DeviceOptions
  @Option(
    help: "Shapes to run: awkward ones of every kind, or the smallest of each for tools that run a kernel slowly.")
  var size: Size = .awkward
  @Option(help: ArgumentHelp("Run only the operations whose name has this in it.", valueName: "operation"))
  var filter: String?
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
    let check = try KernelCheck(cases: cases, on: try deviceOptions.device.open(.named(.float32)))
    let result: KernelCheck.Result
    if report.json {
      result = try check.run()
      try Console.output(try JSONReport.text(result))
    } else {
      let table = check.table
      try Console.output("\(check.deviceDescription)\n\n\(table.heading)")
      result = try check.run { row in try Console.output(row.lines(in: table)) }
      try Console.output("\n" + result.summary)
    }
    guard result.failed == 0 else { throw ExitCode.failure }
  }

  private var cases: [KernelCase] {
    KernelCases.all(size.caseSize).filter { kernelCase in
      filter.map { kernelCase.name.lowercased().contains($0.lowercased()) } ?? true
    }
  }
}
