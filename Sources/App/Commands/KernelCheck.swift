import CLKernels
import KernelCases
import Runtime

/// The work of `recolor check`: cases on a device, an OpenCL device with each kind of kernel bodies.
struct KernelCheck {
  /// One case and how it went.
  struct Row: Encodable {
    let operation: String
    let pass: String
    let shape: String
    /// Which form of the kernels; nil on the processor.
    let bodies: String?
    /// Largest error of any output, relative to its largest value; nil where the device refused.
    let error: Double?
    let tolerance: Double
    let passed: Bool
    /// What went wrong.
    let failures: [String]
  }

  struct Result: Encodable {
    let device: String
    let description: String
    let passed: Int
    let failed: Int
    /// Largest error, relative to its case's tolerance, of those that passed.
    let largestErrorOfTolerance: Double
    let cases: [Row]
  }

  /// What runs the cases; several with an OpenCL device.
  private let backends: [(bodies: String?, backend: any Backend)]
  private let cases: [KernelCase]

  init(cases: [KernelCase], on backend: any Backend) throws(BackendError) {
    self.cases = cases
    guard let openCL = backend as? CLBackend else {
      backends = [(nil, backend)]
      return
    }
    var backends: [(bodies: String?, backend: any Backend)] = [(openCL.bodies.rawValue, openCL)]
    for bodies in KernelBodies.allCases where bodies != openCL.bodies {
      backends.append((bodies.rawValue, try CLBackend(device: openCL.device, bodies: bodies)))
    }
    self.backends = backends
  }

  var deviceDescription: String { "\(backends[0].backend.name): \(backends[0].backend.deviceDescription)" }

  /// The table's columns, wide enough for every row; the shape is last, because some are long.
  var table: TextTable {
    let rows = backends.flatMap { bodies, _ in
      cases.map { [$0.name, $0.pass.rawValue, bodies ?? "", Format.scientific(0), "FAILED", ""] }
    }
    return TextTable(
      [.left("operation"), .left("pass"), .left("bodies"), .right("error"), .left("verdict"), .left("shape")],
      fitting: rows)
  }

  /// Runs all cases.
  /// - Parameter report: gets each row when it is done.
  func run(report: (Row) throws -> Void = { _ in }) rethrows -> Result {
    var rows: [Row] = []
    for (bodies, backend) in backends {
      let runner = CaseRunner(backend: backend)
      for kernelCase in cases {
        let row = Self.row(kernelCase, bodies: bodies, runner)
        rows.append(row)
        try report(row)
      }
    }
    let failed = rows.count { !$0.passed }
    let shares = rows.filter(\.passed).map { row in
      row.tolerance > 0 ? (row.error ?? 0) / row.tolerance : 0
    }
    return Result(
      device: backends[0].backend.name, description: backends[0].backend.deviceDescription,
      passed: rows.count - failed, failed: failed, largestErrorOfTolerance: shares.max() ?? 0, cases: rows)
  }

  private static func row(_ kernelCase: KernelCase, bodies: String?, _ runner: CaseRunner) -> Row {
    var error: Double?
    var failures: [String]
    do throws(BackendError) {
      let result = try runner.run(kernelCase)
      error = result.error
      failures = result.failures.map(\.description)
    } catch {
      failures = [error.description]
    }
    return Row(
      operation: kernelCase.name, pass: kernelCase.pass.rawValue, shape: kernelCase.label, bodies: bodies, error: error,
      tolerance: kernelCase.tolerance, passed: failures.isEmpty, failures: failures)
  }
}

extension KernelCheck.Row {
  /// The row in its table, and below it what went wrong.
  func lines(in table: TextTable) -> String {
    let cells = [
      operation, pass, bodies ?? "", error.map(Format.scientific) ?? "", passed ? "ok" : "FAILED", shape,
    ]
    return ([table.line(cells)] + failures.map { "    \($0)" }).joined(separator: "\n")
  }
}

extension KernelCheck.Result {
  var summary: String {
    failed == 0
      ? "All \(passed) cases pass on \(device)."
      : "\(failed) of \(passed + failed) cases FAILED on \(device)."
  }
}
