import Runtime

extension CLBackend {
  func requireType(_ type: ElementType, of tensor: Tensor, for operation: String) throws(BackendError) {
    guard tensor.storage.elementType == type else {
      throw .invalidOperation(
        operation: operation,
        reason: "tensor \(tensor.storage.name) holds \(tensor.storage.elementType), not \(type)")
    }
  }

  func requireShape(_ shape: Shape, of tensor: Tensor, for operation: String) throws(BackendError) {
    guard tensor.shape == shape else {
      throw .invalidOperation(
        operation: operation, reason: "tensor \(tensor.storage.name) is \(tensor.shape), not \(shape)")
    }
  }

  /// All `tensors` hold floats and have one shape.
  func requireSameShape(_ tensors: [Tensor], for operation: String) throws(BackendError) {
    for tensor in tensors {
      try requireType(.float32, of: tensor, for: operation)
      guard tensor.shape == tensors[0].shape else {
        throw .invalidOperation(
          operation: operation,
          reason: "tensor \(tensor.storage.name) is \(tensor.shape), \(tensors[0].storage.name) is \(tensors[0].shape)")
      }
    }
  }

  /// `tensor` is a dense vector of `count` floats.
  func requireVector(_ tensor: Tensor, count: Int, for operation: String) throws(BackendError) {
    try requireType(.float32, of: tensor, for: operation)
    guard tensor.shape.count == count, tensor.isDense || tensor.shape.pixelCount == 1 else {
      throw .invalidOperation(
        operation: operation,
        reason: "tensor \(tensor.storage.name) is \(tensor.shape), not a vector of \(count)")
    }
  }

  /// The scratch memory of an operation, which must have `byteCount` bytes.
  func workspace(_ memory: DeviceMemory?, byteCount: Int, for operation: String) throws(BackendError) -> CLMemory {
    guard let memory, memory.byteCount >= byteCount else {
      throw .invalidOperation(
        operation: operation, reason: "\(memory?.byteCount ?? 0) bytes of workspace given, \(byteCount) needed")
    }
    return try own(memory, for: operation, tensor: "workspace")
  }
}
