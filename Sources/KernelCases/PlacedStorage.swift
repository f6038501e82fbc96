import Runtime

/// A storage of a case in guarded device memory, with what it holds before the operation.
struct PlacedStorage {
  let storage: TensorStorage
  let memory: GuardedMemory
  private let before: StorageImage

  /// Gives the storage its memory.
  init(_ storage: TensorStorage, _ inputs: [TensorValues], on backend: any Backend) throws(BackendError) {
    var image = StorageImage(storage)
    for contents in inputs where contents.tensor.storage === storage { image.write(contents) }
    self.storage = storage
    memory = try GuardedMemory(name: storage.name, contents: image.bytes, on: backend)
    before = image
    storage.memory = memory.inner
  }

  /// The elements at a moment.
  func image(_ snapshot: GuardedMemory.Snapshot) -> StorageImage {
    StorageImage(elementType: storage.elementType, bytes: snapshot.contents)
  }

  /// Damage to the guard zones, reported once.
  func strayWrites(_ snapshots: [GuardedMemory.Snapshot]) -> [CaseFailure] {
    snapshots.compactMap(\.firstDamagedGuardByte).prefix(1).map { .outOfBounds(storage: memory.name, byte: $0) }
  }

  /// Elements that changed though no output covers them, and outputs that have no reference.
  func unexpectedWrites(_ after: StorageImage, writes: [Tensor], expected: [TensorValues]) -> [CaseFailure] {
    var isOutput = [Bool](repeating: false, count: storage.count)
    for output in expected where output.tensor.storage === storage {
      for element in output.tensor.elementIndices { isOutput[element] = true }
    }
    var failures: [CaseFailure] = []
    if let element = after.firstDifference(from: before, where: { !isOutput[$0] }) {
      failures.append(.changedOutside(storage: storage.name, index: element))
    }
    let written = writes.filter { $0.storage === storage }
    if written.contains(where: { $0.elementIndices.contains { !isOutput[$0] } }) {
      failures.append(.notChecked(storage: storage.name))
    }
    return failures
  }
}
