import CLKernels
import CPUKernels
import KernelCases
import Runtime

/// The check of `recolor check`: cases on a device, on OpenCL in each of the forms that its kernels have there, and on
/// the processor with each kind of products.
struct KernelCheck {
  /// The result of one case.
  struct Row: Encodable {
    let operation: String
    let pass: String
    let shape: String
    /// The algorithm (`AlgorithmKind`) of a convolution, the bodies (`KernelBodies`) of other kernels or, on the
    /// processor, the products (`MatrixProducts`) of convolutions.
    let form: String?
    /// Largest error of any output, relative to its largest value; nil where the device refused.
    let error: Double?
    let tolerance: Double
    let passed: Bool
    /// The failures; empty where the case passed.
    let failures: [String]

    /// The error as a part of the tolerance; infinite where the case failed.
    var share: Double {
      guard passed else { return .infinity }
      return tolerance > 0 ? (error ?? 0) / tolerance : 0
    }
  }

  struct Result: Encodable {
    let device: String
    let description: String
    let passed: Int
    let failed: Int
    /// Largest error, relative to its case's tolerance, of those that passed.
    let largestErrorOfTolerance: Double
    /// In descending order of `share`.
    let cases: [Row]
  }

  struct Progress {
    let done: Int
    let total: Int
    /// An estimate; nil while kernels are compiled.
    let secondsLeft: Double?
  }

  /// Cases that run on one backend.
  private struct Run {
    let backend: any Backend
    var cases: [KernelCase]
  }

  let backend: any Backend
  private let runs: [Run]

  /// - Parameters:
  ///   - backend: The device, as other commands open it.
  ///   - allForms: Whether an OpenCL device also runs kernels in forms that it would not choose.
  init(cases: [KernelCase], on backend: any Backend, allForms: Bool) throws(BackendError) {
    self.backend = backend
    if let processor = backend as? CPUBackend {
      runs = Self.runs(cases, on: processor)
      return
    }
    guard let openCL = backend as? CLBackend else {
      runs = [Run(backend: backend, cases: cases)]
      return
    }
    let operations = cases.map { (kernelCase: $0, operation: $0.make().operation) }
    let convolutions = operations.filter { openCL.algorithmKind(of: $0.operation) != nil }
    var runs = [Run(backend: openCL, cases: cases)]
    var usual = [openCL]
    if openCL.precision != .float32 {
      usual.append(try CLBackend(device: openCL.device))
      runs.append(Run(backend: usual[1], cases: convolutions.map(\.kernelCase)))
    }
    if allForms {
      for bodies in KernelBodies.allCases where bodies != openCL.bodies {
        let other = try CLBackend(device: openCL.device, bodies: bodies)
        usual.append(other)
        runs.append(Run(backend: other, cases: cases))
      }
    }
    // Algorithms, on the cases for which nothing so far chooses them. The plain loops are what others are compared with
    // by `tune`.
    for kind in allForms ? AlgorithmKind.allCases : [.naive] {
      let backend = try CLBackend(device: openCL.device, algorithms: AlgorithmChoice(kind: kind))
      let computed = convolutions.filter { _, operation in
        backend.algorithmKind(of: operation) == kind && !usual.contains { $0.algorithmKind(of: operation) == kind }
      }
      if !computed.isEmpty { runs.append(Run(backend: backend, cases: computed.map(\.kernelCase))) }
    }
    self.runs = runs
  }

  /// Returns all cases with the backend's own products, and those of convolutions with the others.
  private static func runs(_ cases: [KernelCase], on backend: CPUBackend) -> [Run] {
    var runs = [Run(backend: backend, cases: cases)]
    let convolutions = cases.filter { $0.make().operation is any ConvolutionOperation }
    guard !convolutions.isEmpty else { return runs }
    do throws(BackendError) {
      let blas = try BLAS.shared()
      let other = CPUBackend(threadCount: backend.pool.workerCount, blas: backend.blas == nil ? blas : nil)
      runs.append(Run(backend: other, cases: convolutions))
    } catch {
      Console.note("products by BLAS are not checked: \(error)")
    }
    return runs
  }

  var deviceDescription: String { "\(backend.name): \(backend.deviceDescription)" }
  private var caseCount: Int { runs.reduce(0) { $0 + $1.cases.count } }

  /// Compiles the kernels of all cases, and runs the cases.
  /// - Parameter progress: Called before each case is prepared, and before it runs.
  func run(progress: (Progress) -> Void = { _ in }) -> Result {
    let total = caseCount
    compileKernels { progress(Progress(done: 0, total: total, secondsLeft: nil)) }
    var rows: [Row] = []
    let start = ContinuousClock.now
    for run in runs {
      let runner = CaseRunner(backend: run.backend)
      for kernelCase in run.cases {
        let perCase = start.secondsUntilNow / Double(max(rows.count, 1))
        progress(Progress(done: rows.count, total: total, secondsLeft: perCase * Double(total - rows.count)))
        rows.append(Self.row(kernelCase, on: run.backend, runner))
      }
    }
    let failed = rows.count { !$0.passed }
    let ordered = rows.enumerated().sorted { ($1.element.share, $0.offset) < ($0.element.share, $1.offset) }
    return Result(
      device: backend.name, description: backend.deviceDescription, passed: rows.count - failed, failed: failed,
      largestErrorOfTolerance: rows.filter(\.passed).map(\.share).max() ?? 0, cases: ordered.map(\.element))
  }

  /// Compiles the kernels of all cases at once, which several cores do.
  private func compileKernels(report: () -> Void) {
    for run in runs {
      guard let backend = run.backend as? CLBackend else { continue }
      let runner = CaseRunner(backend: backend)
      for kernelCase in run.cases {
        report()
        // A case that cannot be bound fails when it runs.
        try? runner.bind(kernelCase.make().operation)
      }
      backend.compileKernels()
    }
  }

  private static func row(_ kernelCase: KernelCase, on backend: any Backend, _ runner: CaseRunner) -> Row {
    let instance = kernelCase.make()
    let openCL = backend as? CLBackend
    let products = instance.operation is any ConvolutionOperation ? (backend as? CPUBackend)?.products : nil
    let accuracy = openCL?.accuracy(of: instance.operation)
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
      operation: kernelCase.name, pass: kernelCase.pass.rawValue, shape: kernelCase.label,
      form: openCL.map { $0.algorithmKind(of: instance.operation)?.rawValue ?? $0.bodies.rawValue }
        ?? products?.rawValue,
      error: error,
      tolerance: tolerance, passed: failures.isEmpty, failures: failures)
  }
}
