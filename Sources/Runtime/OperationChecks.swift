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

  func requireDense(_ tensor: Tensor) throws(BackendError) {
    try require(tensor.isDense, "tensor \(tensor.storage.name) has gaps between its elements")
  }

  /// The tensor holds the means and the variances of `channels` channels: `[1, 1, 2, channels]`, dense.
  func requireStatistics(_ tensor: Tensor, channels: Int) throws(BackendError) {
    try require(.float32, in: tensor)
    try requireShape(Shape(1, 1, 2, channels), of: tensor)
    try requireDense(tensor)
  }

  /// `pooled` and `indices` have the shape that pooling `tensor` over squares of `window` pixels gives.
  func requirePooling(_ pooled: Tensor, _ indices: Tensor?, of tensor: Tensor, window: Int) throws(BackendError) {
    // The place of a maximum in its window is kept in a byte.
    try require((1...16).contains(window), "window \(window) is not in 1...16")
    let shape = tensor.shape
    let expected = Shape(shape.batch, shape.height / window, shape.width / window, shape.channels)
    try require(.float32, in: pooled)
    try requireShape(expected, of: pooled)
    if let indices {
      try require(.uint8, in: indices)
      try requireShape(expected, of: indices)
    }
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
