import ArgumentParser

/// The flag `--json` of the commands that report.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print the report as JSON.")
  var json = false
}
