import Runtime

/// Runs cases on a device as a hostile host would: every output and all scratch memory hold NaN before, what lies beside
/// a slice of channels or next to a storage must be left alone, and a second launch must give the same bits.
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
    let workspace = try makeWorkspace(instance.operation)
    let launch = try instance.operation.prepare(on: backend, workspace: workspace?.inner)
    try workspace?.reset(on: backend)
    instance.setVariables()
    let first = try runOnce(launch, placed)
    // The workspace keeps what the first run left in it: a kernel must not count on either.
    let second = try runOnce(launch, placed)

    var failures: [CaseFailure] = []
    if let workspace, let byte = try workspace.download(from: backend).firstDamagedGuardByte {
      failures.append(.outOfBounds(storage: workspace.name, byte: byte))
    }
    let expected = instance.expected()
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

  private func makeWorkspace(_ operation: any Operation) throws(BackendError) -> GuardedMemory? {
    let byteCount = operation.workspaceByteCount(on: backend)
    guard byteCount > 0 else { return nil }
    return try GuardedMemory(
      name: "workspace", contents: StorageImage.poisoned(byteCount: byteCount), on: backend)
  }

  /// Launches once on the inputs as they were; returns each storage's bytes after it.
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

  /// The error of one output, and what is wrong with it if anything.
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
    // A reference that is not a number makes the error one, which is no larger than any tolerance, but not within it.
    if error <= tolerance { return (error, nil) }
    let failure = CaseFailure.wrongValue(
      tensor: name, element: output.tensor.element(worst), found: found[worst], expected: expected[worst])
    return (error, failure)
  }
}

extension Tensor {
  /// The place of an element, counted in the order `[n, y, x, c]`.
  func element(_ index: Int) -> CaseFailure.Element {
    let pixel = index / shape.channels
    return CaseFailure.Element(
      n: pixel / (shape.width * shape.height), y: pixel / shape.width % shape.height, x: pixel % shape.width,
      c: index % shape.channels)
  }
}
