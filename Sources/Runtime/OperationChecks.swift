/// Conditions on an operation's tensors. Each function throws `BackendError.invalidOperation` unless its condition
/// holds.
extension Operation {
  func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(BackendError) {
    guard condition else { throw .invalidOperation(operation: title, reason: reason()) }
  }

  /// The tensors have elements of `type`.
  func require(_ type: ElementType, in tensors: Tensor...) throws(BackendError) {
    for tensor in tensors {
      let storage = tensor.storage
      try require(storage.elementType == type, "tensor \(storage.name) holds \(storage.elementType), not \(type)")
    }
  }

  func requireShape(_ shape: Shape, of tensor: Tensor) throws(BackendError) {
    try require(tensor.shape == shape, "tensor \(tensor.storage.name) is \(tensor.shape), not \(shape)")
  }

  /// All tensors hold floats and have one shape.
  func requireSameShape(_ tensors: [Tensor]) throws(BackendError) {
    for tensor in tensors {
      try require(.float32, in: tensor)
      try require(
        tensor.shape == tensors[0].shape,
        "tensor \(tensor.storage.name) is \(tensor.shape), \(tensors[0].storage.name) is \(tensors[0].shape)")
    }
  }

  /// The tensor is a vector of `count` floats without gaps.
  func requireVector(_ tensor: Tensor, count: Int) throws(BackendError) {
    try require(.float32, in: tensor)
    try require(
      tensor.shape.count == count && (tensor.isDense || tensor.shape.pixelCount == 1),
      "tensor \(tensor.storage.name) is \(tensor.shape), not a vector of \(count)")
  }

  /// The tensor has elements, all inside its storage.
  func requireWithinStorage(_ tensor: Tensor) throws(BackendError) {
    let (storage, shape) = (tensor.storage, tensor.shape)
    try require(
      min(shape.batch, shape.height, shape.width, shape.channels) > 0 && tensor.offset >= 0
        && tensor.pixelStride >= shape.channels && tensor.end <= storage.count,
      "tensor \(storage.name) of \(shape) at offset \(tensor.offset) with pixel stride \(tensor.pixelStride) "
        + "does not fit into \(storage.count) elements")
  }
}
