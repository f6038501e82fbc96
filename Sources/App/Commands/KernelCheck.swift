import CLKernels
import CPUKernels
import KernelCases
import Runtime

/// The check of `recolor check`: cases on a device, on OpenCL with each of the kernels' bodies and each algorithm, and on the
/// processor with each kind of products.
struct KernelCheck {
  /// The result of one case.
  struct Row: Encodable {
    let operation: String
    let pass: String
    let shape: String
    /// The bodies (`KernelBodies`), the algorithm (`AlgorithmKind`) or, on the processor, the products (`MatrixProducts`)
    /// that the case ran with.
    let form: String?
    /// Largest error of any output, relative to its largest value; nil where the device refused.
    let error: Double?
    let tolerance: Double
    let passed: Bool
    /// The failures; empty where the case passed.
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

  /// The cases by form.
  private let runs: [(form: String?, backend: any Backend, cases: [KernelCase])]

  init(cases: [KernelCase], on backend: any Backend) throws(BackendError) {
    if let processor = backend as? CPUBackend {
      runs = Self.runs(cases, on: processor)
      return
    }
    guard let openCL = backend as? CLBackend else {
      runs = [(nil, backend, cases)]
      return
    }
    var runs: [(form: String?, backend: any Backend, cases: [KernelCase])] = [
      (openCL.bodies.rawValue, openCL, cases)
    ]
    for bodies in KernelBodies.allCases where bodies != openCL.bodies {
      runs.append((bodies.rawValue, try CLBackend(device: openCL.device, bodies: bodies), cases))
    }
    // Each convolution algorithm, on the cases for which neither of them chooses it.
    let usual = runs.compactMap { $0.backend as? CLBackend }
    for kind in AlgorithmKind.allCases {
      let backend = try CLBackend(device: openCL.device, algorithms: AlgorithmChoice(kind: kind))
      let computed = cases.filter { kernelCase in
        let operation = kernelCase.make().operation
        return backend.algorithmKind(of: operation) == kind
          && !usual.contains { $0.algorithmKind(of: operation) == kind }
      }
      if !computed.isEmpty { runs.append((kind.rawValue, backend, computed)) }
    }
    self.runs = runs
  }

  /// Returns all cases with the backend's own products, and those of convolutions with the others.
  private static func runs(
    _ cases: [KernelCase], on backend: CPUBackend
  ) -> [(form: String?, backend: any Backend, cases: [KernelCase])] {
    var runs: [(form: String?, backend: any Backend, cases: [KernelCase])] = [
      (backend.products?.rawValue, backend, cases)
    ]
    do throws(BackendError) {
      let blas = try BLAS.shared()
      let other = CPUBackend(threadCount: backend.pool.workerCount, blas: backend.blas == nil ? blas : nil)
      let convolutions = cases.filter { $0.make().operation is any ConvolutionOperation }
      if !convolutions.isEmpty { runs.append((other.products?.rawValue, other, convolutions)) }
    } catch {
      Console.note("products by BLAS are not checked: \(error)")
    }
    return runs
  }

  var deviceDescription: String { "\(runs[0].backend.name): \(runs[0].backend.deviceDescription)" }

  /// The table, wide enough for every row. The shape is last, because some are long.
  var table: TextTable {
    let rows = runs.flatMap { form, _, cases in
      cases.map { [$0.name, $0.pass.rawValue, form ?? "", Format.scientific(0), "FAILED", ""] }
    }
    return TextTable(
      [.left("operation"), .left("pass"), .left("form"), .right("error"), .left("verdict"), .left("shape")],
      fitting: rows)
  }

  /// Runs all cases.
  /// - Parameter report: Called with each row when it is done.
  func run(report: (Row) throws -> Void = { _ in }) rethrows -> Result {
    var rows: [Row] = []
    for (form, backend, cases) in runs {
      let runner = CaseRunner(backend: backend)
      for kernelCase in cases {
        let row = Self.row(kernelCase, form: form, on: backend, runner)
        rows.append(row)
        try report(row)
      }
    }
    let failed = rows.count { !$0.passed }
    let shares = rows.filter(\.passed).map { row in
      row.tolerance > 0 ? (row.error ?? 0) / row.tolerance : 0
    }
    return Result(
      device: runs[0].backend.name, description: runs[0].backend.deviceDescription,
      passed: rows.count - failed, failed: failed, largestErrorOfTolerance: shares.max() ?? 0, cases: rows)
  }

  private static func row(_ kernelCase: KernelCase, form: String?, on backend: any Backend, _ runner: CaseRunner) -> Row
  {
    let instance = kernelCase.make()
    let accuracy = (backend as? CLBackend)?.accuracy(of: instance.operation)
    let tolerance = accuracy?.tolerance(insteadOf: kernelCase.tolerance) ?? kernelCase.tolerance
    var error: Double?
    var failures: [String]
    do throws(BackendError) {
      let result = try runner.run(instance, tolerance: tolerance)
      error = result.error
      failures = result.failures.map(\.description)
    } catch {
      failures = [error.description]
    }
    return Row(
      operation: kernelCase.name, pass: kernelCase.pass.rawValue, shape: kernelCase.label, form: form, error: error,
      tolerance: tolerance, passed: failures.isEmpty, failures: failures)
  }
}

extension KernelCheck.Row {
  /// The row in its table, and its failures below.
  func lines(in table: TextTable) -> String {
    let cells = [
      operation, pass, form ?? "", error.map(Format.scientific) ?? "", passed ? "ok" : "FAILED", shape,
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
