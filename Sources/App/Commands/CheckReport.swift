import CLKernels
import FoundationEssentials
import Models
import Runtime

/// The result of `recolor check` as text: for a terminal, and as a page to attach to a report of an error.
struct CheckReport {
  let result: KernelCheck.Result
  let backend: any Backend

  private static let columns: [TextTable.Column] = [
    .left("operation"), .left("pass"), .left("form"), .right("error"), .right("of limit"), .left("verdict"),
    .left("shape"),
  ]

  /// Returns the cells of a row. The shape is last, because some are long.
  private static func cells(_ row: KernelCheck.Row) -> [String] {
    [
      row.operation, row.pass, row.form ?? "", row.error.map(Format.scientific) ?? "",
      row.passed ? percent(row.share) : "", row.passed ? "ok" : "FAILED", row.shape,
    ]
  }

  /// Rows that are worth showing where all cases pass.
  private static let shownRows = 20

  /// Returns the table for a terminal, and the summary.
  /// - Parameter isWhole: Whether cases are shown that are far from failing.
  func text(isWhole: Bool) -> String {
    let count = isWhole ? result.cases.count : max(result.failed, min(Self.shownRows, result.cases.count))
    let rows = result.cases.prefix(count)
    let table = TextTable(Self.columns, fitting: rows.map(Self.cells))
    var lines = [table.heading]
    for row in rows { lines += [table.line(Self.cells(row))] + row.failures.map { "    \($0)" } }
    let left = result.cases.count - count
    if left > 0 { lines.append("and \(Format.counted(left, "case")) that are closer; --verbose lists them") }
    return (lines + ["", summary]).joined(separator: "\n")
  }

  var summary: String {
    let total = result.passed + result.failed
    return result.failed == 0
      ? "All \(Format.count(total)) cases pass on \(result.device); the largest error is \(largest) of its limit."
      : "\(Format.count(result.failed)) of \(Format.counted(total, "case")) FAILED on \(result.device)."
  }

  private var largest: String { Self.percent(result.largestErrorOfTolerance) }

  private static func percent(_ part: Double) -> String { Format.significant(100 * part, 2) + " %" }

  // MARK: Markdown

  /// Returns a page with the device, the versions and all figures.
  /// - Parameters:
  ///   - command: The command line that was given.
  ///   - seconds: How long the check took.
  func page(command: String, seconds: Double) -> String {
    let failures = result.cases.filter { !$0.passed }.flatMap { row in
      ["- \(row.operation) \(row.pass), \(row.form ?? "processor"), \(row.shape)"] + row.failures.map { "  - \($0)" }
    }
    return """
      # Check of the kernels on \(result.device)

      \(summary)

      \(MarkdownTable.text(["", ""], properties(command: command, seconds: seconds)))

      \(failures.isEmpty ? "" : "## Failures\n\n\(failures.map(MarkdownTable.escaped).joined(separator: "\n"))\n\n")\
      ## Cases

      The worst first. The error of a case is its largest one, relative to the largest value of the tensor.

      \(MarkdownTable.text(Self.columns.map(\.heading), result.cases.map(Self.cells)))

      """
  }

  private func properties(command: String, seconds: Double) -> [[String]] {
    var rows = [["program", "recolor \(RecolorVersion.current)"], ["command", command]]
    if let backend = backend as? CLBackend {
      let device = backend.device
      rows += [
        ["device", device.name], ["vendor", device.vendor], ["platform", device.platformName],
        ["platform version", device.platformVersion], ["driver", device.driverVersion], ["OpenCL", device.version],
        ["compute units", "\(device.computeUnits)"], ["memory", Format.bytes(device.globalMemoryByteCount)],
        ["local memory", Format.bytes(device.localMemoryByteCount)],
        ["largest group", "\(device.maximumWorkGroupSize) work-items"],
        ["kernel bodies", backend.bodies.rawValue], ["precision", "\(backend.precision)"],
        ["tuned", backend.tuning == nil ? "no" : "yes"],
      ]
    } else {
      rows.append(["device", result.description])
    }
    return rows + [
      ["date", Date.now.formatted(.iso8601)], ["duration", Format.duration(seconds: seconds)],
      ["passed", Format.count(result.passed)], ["failed", Format.count(result.failed)],
      ["largest error of those that passed", "\(largest) of its limit"],
    ]
  }
}
