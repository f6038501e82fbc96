import Runtime

extension TensorStorage {
  /// Bytes of the storage's memory; at least 4, since devices refuse empty allocations.
  var allocationByteCount: Int { max(byteCount, 4) }

  /// Allocates uninitialized memory of its own.
  func allocate(on backend: any Backend) throws(BackendError) {
    memory = try backend.allocate(byteCount: allocationByteCount)
  }
}

extension Backend {
  /// Downloads the elements of a dense tensor of `float32`. Waits for the device.
  func floats(of tensor: Tensor) throws(BackendError) -> [Float] {
    guard let memory = tensor.storage.memory else {
      throw .invalidOperation(operation: "download", reason: "tensor \(tensor.storage.name) has no memory")
    }
    var failure: BackendError?
    let values = [Float](unsafeUninitializedCapacity: tensor.shape.count) { buffer, count in
      do throws(BackendError) {
        try download(memory, byteOffset: tensor.offset * 4, into: UnsafeMutableRawBufferPointer(buffer))
        count = tensor.shape.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// Uploads `bytes` to the memory of `tensor`, from `byteOffset` on.
  func upload(_ bytes: UnsafeRawBufferPointer, to tensor: Tensor, byteOffset: Int = 0) throws(BackendError) {
    guard let memory = tensor.storage.memory else {
      throw .invalidOperation(operation: "upload", reason: "tensor \(tensor.storage.name) has no memory")
    }
    try upload(bytes, to: memory, byteOffset: byteOffset)
  }

  /// Uploads `values` to a dense tensor.
  func upload<Element: BitwiseCopyable>(_ values: [Element], to tensor: Tensor) throws(BackendError) {
    let elementByteCount = tensor.storage.elementType.byteCount
    guard let memory = tensor.storage.memory, values.count == tensor.shape.count,
      MemoryLayout<Element>.stride == elementByteCount
    else {
      throw .invalidOperation(
        operation: "upload", reason: "\(values.count) values do not fit tensor \(tensor.storage.name)")
    }
    try values.withUnsafeBufferPointer { (elements) throws(BackendError) in
      try upload(UnsafeRawBufferPointer(elements), to: memory, byteOffset: tensor.offset * elementByteCount)
    }
  }
}
