import Runtime

extension CLBackend {
  /// The tensors of a convolution from `image` to `map`, or of a transposed one from `map` to `image`, fit together.
  ///
  /// - Parameters:
  ///   - weightsRows: the tensor whose channels are the weights' input channels.
  ///   - weightsColumns: the tensor whose channels are the weights' output channels, and the bias's.
  func requireConvolution(
    _ geometry: ConvolutionGeometry, image: Tensor, map: Tensor, weights: Tensor, bias: Tensor?, weightsRows: Tensor,
    weightsColumns: Tensor, for operation: String
  ) throws(BackendError) {
    let (height, width) = (geometry.kernelHeight, geometry.kernelWidth)
    guard height > 0, width > 0, geometry.stride > 0, geometry.padding >= 0 else {
      throw .invalidOperation(
        operation: operation,
        reason: "a kernel of \(height)×\(width) with stride \(geometry.stride) and padding \(geometry.padding) "
          + "makes no sense")
    }
    for tensor in [image, map, weights] { try requireType(.float32, of: tensor, for: operation) }
    let expected = geometry.outputShape(of: image.shape, outputChannels: map.shape.channels)
    guard map.shape == expected else {
      throw .invalidOperation(
        operation: operation,
        reason: "tensor \(map.storage.name) is \(map.shape), but a convolution of \(image.shape) gives \(expected)")
    }
    try requireShape(
      Shape(height, width, weightsRows.shape.channels, weightsColumns.shape.channels), of: weights, for: operation)
    if let bias { try requireVector(bias, count: weightsColumns.shape.channels, for: operation) }
  }
}
