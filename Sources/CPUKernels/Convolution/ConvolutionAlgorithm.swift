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
  func convolutionWorkspace(
    _ shape: ConvolutionShape, toLarge: Bool, statistics: Bool = false, _ algorithm: ConvolutionAlgorithm = .fastest
  ) -> Int {
    convolutionWorkspaceLayout(shape, toLarge: toLarge, statistics: statistics, algorithm).byteCount
  }

  /// Bytes of scratch memory, the byte where the statistics' parts start, and the parts' pixels.
  private func convolutionWorkspaceLayout(
    _ shape: ConvolutionShape, toLarge: Bool, statistics: Bool, _ algorithm: ConvolutionAlgorithm
  ) -> (byteCount: Int, statisticsStart: Int, partCounts: [Int]) {
    var layout = WorkspaceLayout()
    var partCounts: [Int] = []
    if algorithm == .fastest, let plan = ConvolutionWinograd.Plan(shape, toLarge: toLarge, pool: pool) {
      _ = layout.add(byteCount: plan.byteCount)
      if statistics { partCounts = plan.partCounts(shape) }
    } else {
      _ = layout.add(byteCount: ConvolutionGrids.workspaceByteCount(on: pool))
      if statistics { partCounts = ConvolutionGrids.partCounts(positions: shape.smallPixelCount) }
    }
    let start = layout.add(
      byteCount: ConvolutionStatistics.byteCount(parts: partCounts.count, channels: shape.smallChannels))
    return (layout.byteCount, start, partCounts)
  }

  /// A convolution of the large image or, with `toLarge`, a transposed one of the small image, which finds no statistics.
  func prepareConvolution(
    _ binding: Binding, _ shape: ConvolutionShape, large: Tensor, small: Tensor, toLarge: Bool, weights: Tensor,
    bias: Tensor?, statistics: Tensor? = nil, workspace: DeviceMemory?, _ algorithm: ConvolutionAlgorithm = .fastest
  ) throws(BackendError) -> any Launch {
    var binding = binding
    try shape.check(binding, small: small, large: large, weights: weights)
    let source = try binding.float32(toLarge ? small : large)
    let target = try binding.float32(toLarge ? large : small)
    let weights = try binding.float32(weights)
    var biasPointer: UnsafePointer<Float>?
    if let bias { biasPointer = UnsafePointer(try binding.vector(bias, count: target.channels)) }
    let statisticsPointer = try binding.statistics(statistics, channels: target.channels)
    let layout = convolutionWorkspaceLayout(shape, toLarge: toLarge, statistics: statistics != nil, algorithm)
    guard let scratch = try binding.workspace(workspace, byteCount: layout.byteCount) else {
      throw binding.invalid("a workspace is needed")
    }
    let moments = statisticsPointer.map {
      ConvolutionStatistics(
        counts: layout.partCounts, channels: target.channels, result: $0, workspace: scratch + layout.statisticsStart)
    }
    if algorithm == .fastest, let plan = ConvolutionWinograd.Plan(shape, toLarge: toLarge, pool: pool) {
      let winograd = ConvolutionWinograd(
        plan, shape, toLarge: toLarge, source: source, target: target, weights: weights.pointer, bias: biasPointer,
        statistics: moments, pool: pool, workspace: scratch)
      return binding.launch { winograd.run() }
    }
    let grids = ConvolutionGrids(
      shape, toLarge: toLarge, source: source, target: target, weights: weights.pointer, bias: biasPointer,
      statistics: moments, pool: pool, scratch: scratch)
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
