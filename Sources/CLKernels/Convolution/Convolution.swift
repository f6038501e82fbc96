import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: ConvolutionForward) -> Int {
    max(ConvolutionGather(operation).workspaceByteCount(on: self), statistics(of: operation)?.workspaceByteCount ?? 0)
  }

  private func statistics(of operation: ConvolutionForward) -> ConvolutionStatistics? {
    operation.statistics.map { ConvolutionStatistics(of: operation.output, into: $0, on: self) }
  }

  public func prepare(_ operation: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try requireConvolution(
      operation.geometry, image: operation.input, map: operation.output, weights: operation.weights,
      bias: operation.bias, weightsRows: operation.input, weightsColumns: operation.output, for: operation.title)
    let launch = try ConvolutionGather(operation).prepare(on: self, workspace: workspace)
    try statistics(of: operation)?.add(to: launch, on: self, workspace: workspace, for: operation.title)
    return launch
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardData) -> Int {
    ConvolutionGather(operation).workspaceByteCount(on: self)
  }

  public func prepare(_ operation: ConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  {
    try requireConvolution(
      operation.geometry, image: operation.inputGradient, map: operation.outputGradient,
      weights: operation.weights, bias: nil, weightsRows: operation.inputGradient,
      weightsColumns: operation.outputGradient, for: operation.title)
    return try ConvolutionGather(operation).prepare(on: self, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardFilter) -> Int {
    ConvolutionFilter(operation).workspaceByteCount(on: self)
  }

  public func prepare(_ operation: ConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try requireConvolution(
      operation.geometry, image: operation.input, map: operation.outputGradient,
      weights: operation.weightsGradient, bias: operation.biasGradient, weightsRows: operation.input,
      weightsColumns: operation.outputGradient, for: operation.title)
    return try ConvolutionFilter(operation).prepare(on: self, workspace: workspace)
  }
}

extension ConvolutionGather {
  init(_ operation: ConvolutionForward) {
    self.init(
      operation: type(of: operation).name, pass: operation.pass, input: operation.input, weights: operation.weights,
      bias: operation.bias,
      output: operation.output, geometry: operation.geometry, direction: .down, readsWeightsTransposed: false)
  }

  init(_ operation: ConvolutionBackwardData) {
    self.init(
      operation: type(of: operation).name, pass: operation.pass, input: operation.outputGradient,
      weights: operation.weights, bias: nil,
      output: operation.inputGradient, geometry: operation.geometry, direction: .up, readsWeightsTransposed: true)
  }
}

extension ConvolutionFilter {
  init(_ operation: ConvolutionBackwardFilter) {
    self.init(
      operation: type(of: operation).name, rows: operation.input, columns: operation.outputGradient,
      samplesRows: true, outputGradient: operation.outputGradient, weightsGradient: operation.weightsGradient,
      biasGradient: operation.biasGradient, geometry: operation.geometry, accumulate: operation.accumulate)
  }
}
