import Runtime

// A transposed convolution is a convolution from its output to its input, run the other way: what is its forward pass
// is that convolution's data gradient.

extension CPUBackend {
  public func workspaceByteCount(_ operation: TransposedConvolutionForward) -> Int {
    convolutionWorkspace(
      ConvolutionShape(
        transposedInput: operation.input.shape, output: operation.output.shape, geometry: operation.geometry),
      toLarge: true)
  }

  public func prepare(_ operation: TransposedConvolutionForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try prepareConvolution(
      Binding(operation),
      ConvolutionShape(
        transposedInput: operation.input.shape, output: operation.output.shape, geometry: operation.geometry),
      large: operation.output, small: operation.input, toLarge: true, weights: operation.weights,
      bias: operation.bias, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardData) -> Int {
    convolutionWorkspace(
      ConvolutionShape(
        transposedInput: operation.inputGradient.shape, output: operation.outputGradient.shape,
        geometry: operation.geometry),
      toLarge: false)
  }

  public func prepare(_ operation: TransposedConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try prepareConvolution(
      Binding(operation),
      ConvolutionShape(
        transposedInput: operation.inputGradient.shape, output: operation.outputGradient.shape,
        geometry: operation.geometry),
      large: operation.outputGradient, small: operation.inputGradient, toLarge: false, weights: operation.weights,
      bias: nil, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardFilter) -> Int {
    filterWorkspace(
      ConvolutionShape(
        transposedInput: operation.input.shape, output: operation.outputGradient.shape, geometry: operation.geometry),
      outputGradient: operation.outputGradient
    ).byteCount
  }

  public func prepare(_ operation: TransposedConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try prepareFilter(
      Binding(operation),
      ConvolutionShape(
        transposedInput: operation.input.shape, output: operation.outputGradient.shape, geometry: operation.geometry),
      large: operation.outputGradient, small: operation.input, weightsGradient: operation.weightsGradient,
      biasGradient: operation.biasGradient, accumulate: operation.accumulate, workspace: workspace)
  }
}
