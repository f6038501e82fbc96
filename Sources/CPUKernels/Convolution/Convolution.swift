import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: ConvolutionForward) -> Int {
    convolutionWorkspace(
      ConvolutionShape(input: operation.input.shape, output: operation.output.shape, geometry: operation.geometry),
      toLarge: false, statistics: operation.statistics != nil)
  }

  public func prepare(_ operation: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try prepareConvolution(
      Binding(operation),
      ConvolutionShape(input: operation.input.shape, output: operation.output.shape, geometry: operation.geometry),
      large: operation.input, small: operation.output, toLarge: false, weights: operation.weights,
      bias: operation.bias, statistics: operation.statistics, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardData) -> Int {
    convolutionWorkspace(
      ConvolutionShape(
        input: operation.inputGradient.shape, output: operation.outputGradient.shape, geometry: operation.geometry),
      toLarge: true)
  }

  public func prepare(_ operation: ConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try prepareConvolution(
      Binding(operation),
      ConvolutionShape(
        input: operation.inputGradient.shape, output: operation.outputGradient.shape, geometry: operation.geometry),
      large: operation.inputGradient, small: operation.outputGradient, toLarge: true, weights: operation.weights,
      bias: nil, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardFilter) -> Int {
    filterWorkspace(
      ConvolutionShape(
        input: operation.input.shape, output: operation.outputGradient.shape, geometry: operation.geometry),
      outputGradient: operation.outputGradient
    ).byteCount
  }

  public func prepare(_ operation: ConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try prepareFilter(
      Binding(operation),
      ConvolutionShape(
        input: operation.input.shape, output: operation.outputGradient.shape, geometry: operation.geometry),
      large: operation.input, small: operation.outputGradient, weightsGradient: operation.weightsGradient,
      biasGradient: operation.biasGradient, accumulate: operation.accumulate, workspace: workspace)
  }
}
