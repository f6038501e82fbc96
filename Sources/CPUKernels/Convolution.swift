import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: ConvolutionForward) -> Int {
    ConvolutionGrids.workspaceByteCount(on: pool)
  }

  public func prepare(_ operation: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try prepareConvolution(
      Binding(operation),
      ConvolutionShape(input: operation.input.shape, output: operation.output.shape, geometry: operation.geometry),
      large: operation.input, small: operation.output, toLarge: false, weights: operation.weights,
      bias: operation.bias, workspace: workspace)
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardData) -> Int {
    ConvolutionGrids.workspaceByteCount(on: pool)
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

extension CPUBackend {
  /// A convolution of the large image or, with `toLarge`, a transposed one of the small image.
  func prepareConvolution(
    _ binding: Binding, _ shape: ConvolutionShape, large: Tensor, small: Tensor, toLarge: Bool, weights: Tensor,
    bias: Tensor?, workspace: DeviceMemory?
  ) throws(BackendError) -> any Launch {
    var binding = binding
    try shape.check(binding, small: small, large: large, weights: weights)
    let source = try binding.float32(toLarge ? small : large)
    let target = try binding.float32(toLarge ? large : small)
    let weights = try binding.float32(weights)
    var biasPointer: UnsafePointer<Float>?
    if let bias { biasPointer = UnsafePointer(try binding.vector(bias, count: target.channels)) }
    let byteCount = ConvolutionGrids.workspaceByteCount(on: pool)
    guard let scratch = try binding.workspace(workspace, byteCount: byteCount) else {
      throw binding.invalid("a workspace is needed")
    }
    let grids = ConvolutionGrids(
      shape, toLarge: toLarge, source: source, target: target, weights: weights.pointer, bias: biasPointer, pool: pool,
      scratch: scratch)
    return binding.launch { grids.run() }
  }

  /// Bytes of a weight gradient's workspace, and the byte where the bias gradient's part starts.
  func filterWorkspace(_ shape: ConvolutionShape, outputGradient: Tensor) -> (byteCount: Int, biasStart: Int) {
    var layout = WorkspaceLayout()
    _ = layout.add(byteCount: ConvolutionFilter.Plan(shape, pool: pool).byteCount)
    let biasStart = layout.add(
      byteCount: ConvolutionBias.workspaceByteCount(
        pixels: outputGradient.shape.pixelCount, channels: outputGradient.shape.channels))
    return (layout.byteCount, biasStart)
  }

  /// The gradient of the weights, and of the bias where there is one.
  func prepareFilter(
    _ binding: Binding, _ shape: ConvolutionShape, large: Tensor, small: Tensor, weightsGradient: Tensor,
    biasGradient: Tensor?, accumulate: Bool, workspace: DeviceMemory?
  ) throws(BackendError) -> any Launch {
    var binding = binding
    try shape.check(binding, small: small, large: large, weights: weightsGradient)
    let largeImage = try binding.float32(large)
    let smallImage = try binding.float32(small)
    let outputGradient = shape.rowsAreLarge ? smallImage : largeImage
    let gradient = try binding.float32(weightsGradient)
    var biasPointer: UnsafeMutablePointer<Float>?
    if let biasGradient { biasPointer = try binding.vector(biasGradient, count: outputGradient.channels) }
    let (byteCount, biasStart) = filterWorkspace(shape, outputGradient: shape.rowsAreLarge ? small : large)
    guard let scratch = try binding.workspace(workspace, byteCount: byteCount) else {
      throw binding.invalid("a workspace is needed")
    }
    let filter = ConvolutionFilter(
      shape, large: largeImage, small: smallImage, gradient: gradient.pointer, accumulate: accumulate, pool: pool,
      workspace: scratch)
    let pool = pool
    let bias = biasPointer.map {
      ConvolutionBias(
        outputGradient: outputGradient, gradient: $0, accumulate: accumulate, pool: pool,
        workspace: scratch + biasStart)
    }
    return binding.launch {
      filter.run()
      bias?.run()
    }
  }
}
