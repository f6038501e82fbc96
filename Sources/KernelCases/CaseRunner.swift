import Runtime

/// Runs cases on a device as a hostile host would: every output and all scratch memory hold NaN before, what lies beside
/// a slice of channels or next to a storage must be left alone, and a second launch must give the same bits.
public struct CaseRunner {
  private let backend: any Backend

  public init(backend: any Backend) { self.backend = backend }

  /// Runs the case twice and compares with the reference.
  ///
  /// - Throws: what the backend throws; a wrong result is in the returned value.
  public func run(_ kernelCase: KernelCase) throws(BackendError) -> CaseResult { try run(kernelCase.make()) }

  public func run(_ instance: CaseInstance) throws(BackendError) -> CaseResult {
    let storages = instance.storages
    defer { for storage in storages { storage.memory = nil } }
    var memories: [GuardedMemory] = []
    var before: [StorageImage] = []
    for storage in storages {
      var image = StorageImage(storage)
      for contents in instance.inputs where contents.tensor.storage === storage { image.write(contents) }
      let memory = try GuardedMemory(name: storage.name, contents: image.bytes, on: backend)
      storage.memory = memory.inner
      memories.append(memory)
      before.append(image)
    }
    let workspace = try makeWorkspace(instance.operation)
    let launch = try instance.operation.prepare(on: backend, workspace: workspace?.inner)
    try workspace?.reset(on: backend)
    instance.setVariables()
    let first = try runOnce(launch, memories)
    // The workspace keeps what the first run left in it: a kernel must not count on either.
    let second = try runOnce(launch, memories)

    var failures: [CaseFailure] = []
    for snapshot in [first, second] {
      for (memory, after) in zip(memories, snapshot) {
        if let byte = after.firstDamagedGuardByte { failures.append(.outOfBounds(storage: memory.name, byte: byte)) }
      }
    }
    if let workspace, let byte = try workspace.download(from: backend).firstDamagedGuardByte {
      failures.append(.outOfBounds(storage: workspace.name, byte: byte))
    }
    let images = zip(storages, first).map { StorageImage(elementType: $0.elementType, bytes: $1.contents) }
    for (index, storage) in storages.enumerated() {
      let again = StorageImage(elementType: storage.elementType, bytes: second[index].contents)
      if let element = images[index].firstDifference(from: again) {
        failures.append(.notRepeatable(storage: storage.name, index: element))
      }
    }
    let expected = instance.expected()
    failures += untouched(instance, expected, storages, before: before, after: images)
    var outputs: [CaseResult.Output] = []
    for output in expected {
      guard let index = storages.firstIndex(where: { $0 === output.tensor.storage }) else { continue }
      let (error, failure) = compare(images[index].read(output.tensor), output, tolerance: instance.tolerance)
      outputs.append(CaseResult.Output(tensor: output.tensor.storage.name, error: error))
      if let failure { failures.append(failure) }
    }
    var seen = Set<CaseFailure>()
    return CaseResult(outputs: outputs, failures: failures.filter { seen.insert($0).inserted })
  }

  private func makeWorkspace(_ operation: any Operation) throws(BackendError) -> GuardedMemory? {
    let byteCount = operation.workspaceByteCount(on: backend)
    guard byteCount > 0 else { return nil }
    return try GuardedMemory(
      name: "workspace", contents: StorageImage.poisoned(byteCount: byteCount), on: backend)
  }

  private func runOnce(_ launch: any Launch, _ memories: [GuardedMemory]) throws(BackendError)
    -> [GuardedMemory.Snapshot]
  {
    for memory in memories { try memory.reset(on: backend) }
    try launch.run()
    try backend.synchronize()
    var snapshots: [GuardedMemory.Snapshot] = []
    for memory in memories { snapshots.append(try memory.download(from: backend)) }
    return snapshots
  }

  /// Elements that changed though no output covers them, and outputs that have no reference.
  private func untouched(
    _ instance: CaseInstance, _ expected: [TensorValues], _ storages: [TensorStorage], before: [StorageImage],
    after: [StorageImage]
  ) -> [CaseFailure] {
    var failures: [CaseFailure] = []
    for (index, storage) in storages.enumerated() {
      var isOutput = [Bool](repeating: false, count: storage.count)
      for output in expected where output.tensor.storage === storage {
        for element in output.tensor.elementIndices { isOutput[element] = true }
      }
      if let element = after[index].firstDifference(from: before[index], where: { !isOutput[$0] }) {
        failures.append(.changedOutside(storage: storage.name, index: element))
      }
      let written = instance.operation.writes.filter { $0.storage === storage }
      if written.contains(where: { $0.elementIndices.contains { !isOutput[$0] } }) {
        failures.append(.notChecked(storage: storage.name))
      }
    }
    return failures
  }

  /// The error of one output, and what is wrong with it if anything.
  private func compare(_ found: [Double], _ output: TensorValues, tolerance: Double) -> (Double, CaseFailure?) {
    let name = output.tensor.storage.name
    let expected = output.values.values
    if let index = found.indices.first(where: { !found[$0].isFinite }) {
      return (.infinity, .notFinite(tensor: name, element: output.tensor.element(index), found: found[index]))
    }
    let scale = expected.reduce(0) { max($0, abs($1)) }
    var worst = 0
    for index in found.indices where abs(found[index] - expected[index]) > abs(found[worst] - expected[worst]) {
      worst = index
    }
    guard !found.isEmpty else { return (0, nil) }
    let distance = abs(found[worst] - expected[worst])
    let error = scale > 0 ? distance / scale : distance
    // Written so that a reference that is not a number fails.
    guard error <= tolerance else {
      return (
        error,
        .wrongValue(
          tensor: name, element: output.tensor.element(worst), found: found[worst], expected: expected[worst])
      )
    }
    return (error, nil)
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
