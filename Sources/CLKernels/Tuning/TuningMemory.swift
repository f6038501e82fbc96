import Runtime

/// The memory of one storage while methods are tried on it, with a guard zone before and after.
struct TuningMemory {
  let storage: TensorStorage
  private let whole: DeviceMemory
  private let front: Int

  /// A tile's row that runs over still ends in it.
  private static let guardByteCount = 4096

  init(_ storage: TensorStorage, on backend: CLBackend) throws(BackendError) {
    let alignment = backend.regionAlignment
    front = (Self.guardByteCount + alignment - 1) / alignment * alignment
    whole = try backend.allocate(byteCount: front + storage.byteCount + Self.guardByteCount)
    self.storage = storage
    storage.memory = try backend.region(of: whole, byteOffset: front, byteCount: storage.byteCount)
  }

  /// Fills all of it, guards too, with a NaN that no kernel computes.
  func poison(on backend: CLBackend) throws(BackendError) {
    try backend.queue.fill(backend.own(whole, for: "tune"), with: 0xff, byteOffset: 0, byteCount: whole.byteCount)
  }

  func upload(_ numbers: [Float], on backend: CLBackend) throws(BackendError) {
    try numbers.withUnsafeBufferPointer { numbers throws(BackendError) in
      try backend.upload(UnsafeRawBufferPointer(numbers), to: whole, byteOffset: front)
    }
  }

  /// What it holds now, guards and all.
  func download(from backend: CLBackend) throws(BackendError) -> [Float] {
    var numbers = [Float](repeating: 0, count: whole.byteCount / ElementType.float32.byteCount)
    try numbers.withUnsafeMutableBufferPointer { numbers throws(BackendError) in
      try backend.download(whole, byteOffset: 0, into: UnsafeMutableRawBufferPointer(numbers))
    }
    return numbers
  }
}
