import ArgumentParser
import CPUKernels
import Runtime

/// `recolor devices`
struct Devices: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what this machine can compute on.",
    discussion: """
      Lists every OpenCL device and the processor by the names that --device takes. A star marks the one that \
      --device auto takes.

        recolor devices
        recolor devices --json
      """)

  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func run() throws {
    let devices = DeviceReport()
    try Console.output(report.json ? try JSONReport.text(devices) : devices.text)
  }
}
