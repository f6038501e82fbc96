import Runtime

extension ConvolutionGeometry {
  /// Throws unless the tensors of a convolution from `image` to `map`, or of a transposed one from `map` to `image`, fit
  /// together.
  ///
  /// - Parameters:
  ///   - weightsRows: the tensor whose channels are the weights' input channels.
  ///   - weightsColumns: the tensor whose channels are the weights' output channels, and the bias's.
  func check(
    _ operation: String, image: Tensor, map: Tensor, weights: Tensor, bias: Tensor?, weightsRows: Tensor,
    weightsColumns: Tensor
  ) throws(BackendError) {
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(BackendError) {
      if !condition { throw .invalidOperation(operation: operation, reason: reason()) }
    }
    try require(
      kernelHeight > 0 && kernelWidth > 0 && stride > 0 && padding >= 0,
      "a kernel of \(kernelHeight)×\(kernelWidth) with stride \(stride) and padding \(padding) makes no sense")
    for tensor in [image, map, weights] + (bias.map { [$0] } ?? []) {
      try require(
        tensor.storage.elementType == .float32,
        "tensor \(tensor.storage.name) holds \(tensor.storage.elementType), not float32")
    }
    let expected = outputShape(of: image.shape, outputChannels: map.shape.channels)
    try require(
      map.shape == expected,
      "tensor \(map.storage.name) is \(map.shape), but a convolution of \(image.shape) gives \(expected)")
    let weightsShape = Shape(kernelHeight, kernelWidth, weightsRows.shape.channels, weightsColumns.shape.channels)
    try require(
      weights.shape == weightsShape, "tensor \(weights.storage.name) is \(weights.shape), not \(weightsShape)")
    if let bias {
      try require(
        bias.shape == Shape(vector: weightsColumns.shape.channels),
        "tensor \(bias.storage.name) is \(bias.shape), not a vector of \(weightsColumns.shape.channels)")
    }
  }
}
