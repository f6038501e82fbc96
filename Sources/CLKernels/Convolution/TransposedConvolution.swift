import Runtime

// A transposed convolution is the data gradient of a convolution from its output (the image) to its input (the map), but
// for the weights, whose input channels are the map's. So every pass is one of a convolution's.

extension CLBackend {
  public func workspaceByteCount(_ operation: TransposedConvolutionForward) -> Int {
    ConvolutionGather(operation).workspaceByteCount(on: self)
  }

  public func prepare(_ operation: TransposedConvolutionForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try requireConvolution(
      operation.geometry, image: operation.output, map: operation.input, weights: operation.weights,
      bias: operation.bias, weightsRows: operation.input, weightsColumns: operation.output, for: operation.title)
    return try ConvolutionGather(operation).prepare(on: self, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardData) -> Int {
    ConvolutionGather(operation).workspaceByteCount(on: self)
  }

  public func prepare(_ operation: TransposedConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try requireConvolution(
      operation.geometry, image: operation.outputGradient, map: operation.inputGradient,
      weights: operation.weights, bias: nil, weightsRows: operation.inputGradient,
      weightsColumns: operation.outputGradient, for: operation.title)
    return try ConvolutionGather(operation).prepare(on: self, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardFilter) -> Int {
    ConvolutionFilter(operation).workspaceByteCount(on: self)
  }

  public func prepare(_ operation: TransposedConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try requireConvolution(
      operation.geometry, image: operation.outputGradient, map: operation.input,
      weights: operation.weightsGradient, bias: operation.biasGradient, weightsRows: operation.input,
      weightsColumns: operation.outputGradient, for: operation.title)
    return try ConvolutionFilter(operation).prepare(on: self, workspace: workspace)
  }
}

extension ConvolutionGather {
  init(_ operation: TransposedConvolutionForward) {
    self.init(
      operation: type(of: operation).name, pass: operation.pass, input: operation.input, weights: operation.weights,
      bias: operation.bias, output: operation.output, geometry: operation.geometry, direction: .up,
      readsWeightsTransposed: false)
  }

  init(_ operation: TransposedConvolutionBackwardData) {
    self.init(
      operation: type(of: operation).name, pass: operation.pass, input: operation.outputGradient,
      weights: operation.weights,
      bias: nil, output: operation.inputGradient, geometry: operation.geometry, direction: .down,
      readsWeightsTransposed: true)
  }
}

extension ConvolutionFilter {
  init(_ operation: TransposedConvolutionBackwardFilter) {
    self.init(
      operation: type(of: operation).name, rows: operation.input, columns: operation.outputGradient,
      samplesRows: false, outputGradient: operation.outputGradient, weightsGradient: operation.weightsGradient,
      biasGradient: operation.biasGradient, geometry: operation.geometry, accumulate: operation.accumulate)
  }
}
