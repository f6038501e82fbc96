import CLKernels
import Runtime

/// The report of `recolor tune`.
struct TuneReport: Encodable {
  struct Row: Encodable {
    let operation: String
    let pass: String
    let shape: String
    /// The number of such passes in a training step; 0 for passes of inference.
    let count: Int
    /// The time of one run with the built-in algorithm.
    let standardMilliseconds: Double
    /// The time of one run with the algorithm that is used from now on.
    let milliseconds: Double
    let algorithm: String
    let isTuned: Bool
    /// The built-in algorithm's time as a multiple of the new one's.
    let gain: Double

    private enum CodingKeys: String, CodingKey {
      case operation, pass, shape, count, standardMilliseconds, milliseconds, algorithm = "method", isTuned, gain
    }
  }

  let device: String?
  let description: String?
  /// In descending order of the time gained.
  let operations: [Row]
  /// The time of all convolutions of a training step that were measured.
  let standardStepMilliseconds: Double
  let stepMilliseconds: Double
  let algorithms: TuningCounts
  /// The number of passes that were not measured for lack of time.
  let leftOut: Int
  /// The file that the algorithms are kept in; nil where they are not kept.
  let file: String?

  private enum CodingKeys: String, CodingKey {
    case device, description, operations, standardStepMilliseconds, stepMilliseconds, algorithms = "methods", leftOut,
      file
  }

  /// The report where there is nothing to tune.
  static let empty = TuneReport(ConvolutionTuner.Report(), nil, path: nil)

  init(_ report: ConvolutionTuner.Report, _ backend: CLBackend?, path: String?) {
    device = backend?.name
    description = backend?.deviceDescription
    operations = report.rows.map { row in
      Row(
        operation: row.key.operation, pass: row.key.pass.rawValue, shape: row.key.sizes, count: row.count,
        standardMilliseconds: row.standardMilliseconds, milliseconds: row.milliseconds, algorithm: row.algorithm,
        isTuned: row.isTuned, gain: row.milliseconds > 0 ? row.standardMilliseconds / row.milliseconds : 1)
    }
    standardStepMilliseconds = operations.reduce(0) { $0 + $1.standardMilliseconds * Double($1.count) }
    stepMilliseconds = operations.reduce(0) { $0 + $1.milliseconds * Double($1.count) }
    algorithms = report.counts
    leftOut = report.leftOut
    file = path
  }

  var text: String {
    var lines = ["\(device ?? ""): \(description ?? "")", ""]
    let columns: [TextTable.Column] = [
      .left("operation"), .left("pass"), .right("times"), .right("built-in ms"), .right("best ms"), .right("gain"),
      .left("shape"), .left("algorithm"),
    ]
    lines.append(
      TextTable.text(
        columns,
        operations.map { row in
          [
            row.operation, row.pass, "\(row.count)", Format.fixed(row.standardMilliseconds, 3),
            Format.fixed(row.milliseconds, 3), row.isTuned ? Format.fixed(row.gain, 2) + "×" : "", row.shape,
            row.isTuned ? row.algorithm : "built-in: \(row.algorithm)",
          ]
        }))
    lines += ["", total, counts]
    if leftOut > 0 { lines.append("\(leftOut) more passes were not searched; --seconds gives more time.") }
    lines.append(file.map { "Kept in \($0.printable)." } ?? "Nothing is kept.")
    return lines.joined(separator: "\n")
  }

  private var total: String {
    let gain = stepMilliseconds > 0 ? standardStepMilliseconds / stepMilliseconds : 1
    return "The convolutions of a training step take \(Format.fixed(stepMilliseconds, 1)) ms, "
      + "\(Format.fixed(standardStepMilliseconds, 1)) ms as built in: \(Format.fixed(gain, 2))×."
  }

  private var counts: String {
    "\(algorithms.tried) other algorithms were tried; \(algorithms.notBuilt) did not build, "
      + "\(algorithms.refused) did not run, \(algorithms.wrong) were wrong."
  }
}
