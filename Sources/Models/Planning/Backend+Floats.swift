import Runtime

extension Backend {
  /// The elements of a dense tensor of `float32`, on the host. Waits for the device.
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

  /// Copies `values` to a dense tensor of `float32`.
  func upload(_ values: [Float], to tensor: Tensor) throws(BackendError) {
    guard let memory = tensor.storage.memory, values.count == tensor.shape.count else {
      throw .invalidOperation(
        operation: "upload", reason: "\(values.count) values do not fit tensor \(tensor.storage.name)")
    }
    try values.withUnsafeBufferPointer { (elements) throws(BackendError) in
      try upload(UnsafeRawBufferPointer(elements), to: memory, byteOffset: tensor.offset * 4)
    }
  }
}
