import Runtime

/// Runs cases on a device with poisoned memory: every output and all scratch memory hold NaN before the launch,
/// elements beside a slice and bytes next to a storage must not change, and a second launch must give the same bits.
public struct CaseRunner {
  private let backend: any Backend

  public init(backend: any Backend) { self.backend = backend }

  /// Runs the case twice and compares with the reference.
  ///
  /// - Parameter tolerance: largest error allowed; nil for the case's own.
  /// - Throws: what the backend throws; a wrong result is in the returned value.
  public func run(_ kernelCase: KernelCase, tolerance: Double? = nil) throws(BackendError) -> CaseResult {
    try run(kernelCase.make(), tolerance: tolerance)
  }

  /// Runs a case that was made before.
  public func run(_ instance: CaseInstance, tolerance: Double? = nil) throws(BackendError) -> CaseResult {
    let storages = instance.storages
    defer { for storage in storages { storage.memory = nil } }
    var placed: [PlacedStorage] = []
    for storage in storages { placed.append(try PlacedStorage(storage, instance.inputs, on: backend)) }
    instance.setVariables(isLaunch: false)
    let planned = try instance.operation.plan(on: backend)
    let workspace = try makeWorkspace(byteCount: planned.workspaceByteCount)
    let launch = try planned.bind(workspace: workspace?.inner)
    try workspace?.reset(on: backend)
    instance.setVariables(isLaunch: true)
    let first = try runOnce(launch, placed)
    // The workspace keeps the first run's leftovers: a kernel must depend on neither them nor the poison.
    let second = try runOnce(launch, placed)

    var failures: [CaseFailure] = []
    if let workspace, let byte = try workspace.download(from: backend).firstDamagedGuardByte {
      failures.append(.outOfBounds(storage: workspace.name, byte: byte))
    }
    let expected = instance.expected
    var outputs: [CaseResult.Output] = []
    for (index, storage) in placed.enumerated() {
      let after = storage.image(first[index])
      failures += storage.strayWrites([first[index], second[index]])
      failures += storage.unexpectedWrites(after, writes: instance.operation.writes, expected: expected)
      if let element = after.firstDifference(from: storage.image(second[index])) {
        failures.append(.notRepeatable(storage: storage.memory.name, index: element))
      }
      for output in expected where output.tensor.storage === storage.storage {
        let (error, failure) = compare(after.read(output.tensor), output, tolerance: tolerance ?? instance.tolerance)
        outputs.append(CaseResult.Output(tensor: storage.memory.name, error: error))
        if let failure { failures.append(failure) }
      }
    }
    return CaseResult(outputs: outputs, failures: failures)
  }

  /// Binds an operation to memory and lets go of it: a backend that compiles knows its kernels from then on.
  /// - Parameter operation: an operation of a case, whose tensors have no memory.
  public func bind(_ operation: any Operation) throws(BackendError) {
    let storages = (operation.reads + operation.writes).map(\.storage)
    defer { for storage in storages { storage.memory = nil } }
    for storage in storages where storage.memory == nil {
      storage.memory = try backend.allocate(byteCount: max(storage.byteCount, 4))
    }
    _ = try backend.launch(operation)
  }

  private func makeWorkspace(byteCount: Int) throws(BackendError) -> GuardedMemory? {
    guard byteCount > 0 else { return nil }
    return try GuardedMemory(
      name: "workspace", contents: StorageImage.poisoned(byteCount: byteCount), on: backend)
  }

  /// Launches once on the original inputs and returns each storage's bytes after it.
  private func runOnce(_ launch: any Launch, _ placed: [PlacedStorage]) throws(BackendError)
    -> [GuardedMemory.Snapshot]
  {
    for storage in placed { try storage.memory.reset(on: backend) }
    try launch.run()
    try backend.synchronize()
    var snapshots: [GuardedMemory.Snapshot] = []
    for storage in placed { snapshots.append(try storage.memory.download(from: backend)) }
    return snapshots
  }

  /// Returns the error of one output, and a failure where it exceeds the tolerance.
  private func compare(_ found: [Double], _ output: TensorValues, tolerance: Double) -> (Double, CaseFailure?) {
    let name = output.tensor.storage.name
    let expected = output.values.values
    if let index = found.indices.first(where: { !found[$0].isFinite }) {
      return (.infinity, .notFinite(tensor: name, element: output.tensor.element(index), found: found[index]))
    }
    let distances = zip(found, expected).map { abs($0 - $1) }
    let worst = distances.firstIndex { $0.isNaN } ?? distances.indices.max { distances[$0] < distances[$1] } ?? 0
    guard distances.indices.contains(worst) else { return (0, nil) }
    let distance = distances[worst]
    let scale = expected.reduce(0) { max($0, abs($1)) }
    let error = scale > 0 ? distance / scale : distance
    // NaN in a reference makes the error NaN, which is not within any tolerance.
    if error <= tolerance { return (error, nil) }
    let failure = CaseFailure.wrongValue(
      tensor: name, element: output.tensor.element(worst), found: found[worst], expected: expected[worst])
    return (error, failure)
  }
}

extension Tensor {
  /// Returns the position of the element that is the `index`-th in the order `[n, y, x, c]`.
  func element(_ index: Int) -> CaseFailure.Element {
    let pixel = index / shape.channels
    return CaseFailure.Element(
      n: pixel / (shape.width * shape.height), y: pixel / shape.width % shape.height, x: pixel % shape.width,
      c: index % shape.channels)
  }
}

/// The result of running a case.
public struct CaseResult: Sendable {
  /// One output's distance from its reference.
  public struct Output: Sendable {
    public let tensor: String
    /// max |found − expected| / max |expected|; infinite where an element is not finite; the plain distance where the
    /// reference is zero everywhere.
    public let error: Double
  }

  public let outputs: [Output]
  /// Empty where the case passed.
  public let failures: [CaseFailure]

  public var passed: Bool { failures.isEmpty }
  /// The largest error of any output.
  public var error: Double { outputs.map(\.error).max() ?? 0 }
}

/// An error of a kernel in a case. `description` is one line.
public enum CaseFailure: Hashable, Sendable {
  /// The largest distance from the reference is above the tolerance.
  case wrongValue(tensor: String, element: Element, found: Double, expected: Double)
  /// An element is NaN or infinite where the reference is finite: never written, or computed from poison.
  case notFinite(tensor: String, element: Element, found: Double)
  /// An element of a storage that no output covers has changed.
  case changedOutside(storage: String, index: Int)
  /// A byte next to a storage or to the workspace has changed: this far before its start (negative) or after its end.
  case outOfBounds(storage: String, byte: Int)
  /// The second launch with the same inputs gave other bits.
  case notRepeatable(storage: String, index: Int)
  /// A tensor that the operation writes has no reference.
  case notChecked(storage: String)

  /// A position in a tensor.
  public struct Element: Hashable, Sendable {
    public let n: Int
    public let y: Int
    public let x: Int
    public let c: Int
  }
}

extension CaseFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongValue(let tensor, let element, let found, let expected):
      "\(tensor)\(element) is \(found), not \(expected)"
    case .notFinite(let tensor, let element, let found): "\(tensor)\(element) is \(found)"
    case .changedOutside(let storage, let index): "element \(index) of \(storage) is no output and was changed"
    case .outOfBounds(let storage, let byte):
      byte < 0 ? "byte \(-byte) before \(storage) was changed" : "byte \(byte + 1) after \(storage) was changed"
    case .notRepeatable(let storage, let index): "element \(index) of \(storage) differs in a second run"
    case .notChecked(let storage): "\(storage) is written and has no reference"
    }
  }
}

extension CaseFailure.Element: CustomStringConvertible {
  public var description: String { "[\(n), \(y), \(x), \(c)]" }
}
