import Runtime

/// How a convolution is computed. Both give the same result up to rounding.
enum ConvolutionAlgorithm: CaseIterable {
  /// Products of shifted images: any shape.
  case shifted
  /// Minimal filtering: 3 × 3 with stride 1 and padding 1 where it pays, and the shifted products elsewhere.
  case fastest
}

extension CPUBackend {
  /// Bytes of scratch memory for `prepareConvolution`.
  func convolutionWorkspace(_ shape: ConvolutionShape, toLarge: Bool, _ algorithm: ConvolutionAlgorithm = .fastest)
    -> Int
  {
    if algorithm == .fastest, let plan = ConvolutionWinograd.Plan(shape, toLarge: toLarge, pool: pool) {
      return plan.byteCount
    }
    return ConvolutionGrids.workspaceByteCount(on: pool)
  }

  /// A convolution of the large image or, with `toLarge`, a transposed one of the small image.
  func prepareConvolution(
    _ binding: Binding, _ shape: ConvolutionShape, large: Tensor, small: Tensor, toLarge: Bool, weights: Tensor,
    bias: Tensor?, workspace: DeviceMemory?, _ algorithm: ConvolutionAlgorithm = .fastest
  ) throws(BackendError) -> any Launch {
    var binding = binding
    try shape.check(binding, small: small, large: large, weights: weights)
    let source = try binding.float32(toLarge ? small : large)
    let target = try binding.float32(toLarge ? large : small)
    let weights = try binding.float32(weights)
    var biasPointer: UnsafePointer<Float>?
    if let bias { biasPointer = UnsafePointer(try binding.vector(bias, count: target.channels)) }
    let byteCount = convolutionWorkspace(shape, toLarge: toLarge, algorithm)
    guard let scratch = try binding.workspace(workspace, byteCount: byteCount) else {
      throw binding.invalid("a workspace is needed")
    }
    if algorithm == .fastest, let plan = ConvolutionWinograd.Plan(shape, toLarge: toLarge, pool: pool) {
      let winograd = ConvolutionWinograd(
        plan, shape, toLarge: toLarge, source: source, target: target, weights: weights.pointer, bias: biasPointer,
        pool: pool, workspace: scratch)
      return binding.launch { winograd.run() }
    }
    let grids = ConvolutionGrids(
      shape, toLarge: toLarge, source: source, target: target, weights: weights.pointer, bias: biasPointer, pool: pool,
      scratch: scratch)
    return binding.launch { grids.run() }
  }

  /// Bytes of a weight gradient's workspace, and the byte where the bias gradient's part starts.
  func filterWorkspace(
    _ shape: ConvolutionShape, outputGradient: Tensor, _ algorithm: ConvolutionAlgorithm = .fastest
  ) -> (byteCount: Int, biasStart: Int) {
    var layout = WorkspaceLayout()
    if algorithm == .fastest, let plan = ConvolutionWinogradFilter.Plan(shape, pool: pool) {
      _ = layout.add(byteCount: plan.byteCount)
    } else {
      _ = layout.add(byteCount: ConvolutionFilter.Plan(shape, pool: pool).byteCount)
    }
    let biasStart = layout.add(
      byteCount: ConvolutionBias.workspaceByteCount(
        pixels: outputGradient.shape.pixelCount, channels: outputGradient.shape.channels))
    return (layout.byteCount, biasStart)
  }

  /// The gradient of the weights, and of the bias where there is one.
  func prepareFilter(
    _ binding: Binding, _ shape: ConvolutionShape, large: Tensor, small: Tensor, weightsGradient: Tensor,
    biasGradient: Tensor?, accumulate: Bool, workspace: DeviceMemory?, _ algorithm: ConvolutionAlgorithm = .fastest
  ) throws(BackendError) -> any Launch {
    var binding = binding
    try shape.check(binding, small: small, large: large, weights: weightsGradient)
    let largeImage = try binding.float32(large)
    let smallImage = try binding.float32(small)
    let outputGradient = shape.rowsAreLarge ? smallImage : largeImage
    let gradient = try binding.float32(weightsGradient)
    var biasPointer: UnsafeMutablePointer<Float>?
    if let biasGradient { biasPointer = try binding.vector(biasGradient, count: outputGradient.channels) }
    let (byteCount, biasStart) = filterWorkspace(shape, outputGradient: shape.rowsAreLarge ? small : large, algorithm)
    guard let scratch = try binding.workspace(workspace, byteCount: byteCount) else {
      throw binding.invalid("a workspace is needed")
    }
    let pool = pool
    let bias = biasPointer.map {
      ConvolutionBias(
        outputGradient: outputGradient, gradient: $0, accumulate: accumulate, pool: pool,
        workspace: scratch + biasStart)
    }
    if algorithm == .fastest, let plan = ConvolutionWinogradFilter.Plan(shape, pool: pool) {
      let filter = ConvolutionWinogradFilter(
        plan, shape, large: largeImage, small: smallImage, gradient: gradient.pointer, accumulate: accumulate,
        pool: pool, workspace: scratch)
      return binding.launch {
        filter.run()
        bias?.run()
      }
    }
    let filter = ConvolutionFilter(
      shape, large: largeImage, small: smallImage, gradient: gradient.pointer, accumulate: accumulate, pool: pool,
      workspace: scratch)
    return binding.launch {
      filter.run()
      bias?.run()
    }
  }
}
