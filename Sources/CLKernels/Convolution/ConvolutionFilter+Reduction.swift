import Runtime

// What all ways to compute the weights' gradient share: the second stage of split sums, and the bias's gradient.

extension ConvolutionFilter {
  /// The first stage's target: a dense tensor `[splits][weights]` in the workspace, or, without splits, the gradient itself.
  func target(splits: Int, workspace: CLMemory?) -> [KernelArgument] {
    if splits > 1, let workspace {
      [.memory(workspace), .ulong(0), .ulong(weightsGradient.shape.channels)]
    } else {
      [.tensor(weightsGradient)]
    }
  }

  /// What the kernels take that tile (taps, sampled channels) × grid channels.
  func tiledArguments(splits: Int, workspace: CLMemory?) -> [KernelArgument] {
    [
      .tensor(sampled), .int(sampled.shape.height), .int(sampled.shape.width), .int(sampled.shape.channels),
      .tensor(grid), .int(grid.shape.height), .int(grid.shape.width), .int(grid.shape.channels),
    ] + target(splits: splits, workspace: workspace) + [
      .int(samplesRows ? 0 : 1), .int(grid.shape.batch), .int(geometry.kernelHeight), .int(geometry.kernelWidth),
      .int(geometry.stride), .int(geometry.padding), .int(accumulate && splits == 1 ? 1 : 0),
    ]
  }

  /// Appends the sum of `splits` parts into `target`, in the parts' order.
  func addReduction(
    of partial: CLMemory, splits: Int, into target: Tensor, to launch: CLLaunch, on backend: CLBackend
  ) throws(BackendError) {
    // Without gaps the target is one long line.
    let lines = target.isDense ? 1 : target.shape.pixelCount
    let columns = target.shape.count / lines
    switch backend.bodies {
    case .gpu:
      try launch.add(
        "convolution_reduce", in: "convolution_reduce.cl",
        arguments: [
          .memory(partial), .int(splits), .null, .ulong(0), .tensor(target), .ulong(lines), .ulong(columns),
          .int(accumulate ? 1 : 0),
        ], over: backend.rows(channels: columns, pixels: lines))
    case .cpu:
      try launch.add(
        "convolution_vector_reduce", in: "convolution_vector_reduce.cl", definitions: Self.vectorReduction,
        arguments: [.memory(partial), .int(splits), .tensor(target), .int(columns), .int(accumulate ? 1 : 0)],
        over: CLRange(groups: (ceilDivide(columns, Self.reducedVectors * 16), lines, 1), local: (1, 1, 1)))
    }
  }

  /// Vectors of 16 that a work-item of the CPU body adds up.
  private static let reducedVectors = 16
  private static var vectorReduction: KeyValuePairs<String, any KernelConstant> { ["REDUCED_VECTORS": reducedVectors] }

  private var biasSplits: Int { max(1, min(64, outputGradient.shape.pixelCount / 64)) }

  var biasWorkspaceByteCount: Int {
    biasGradient.map { biasSplits * $0.shape.count * ElementType.float32.byteCount } ?? 0
  }

  /// Appends the bias's gradient.
  func addBias(_ gradient: Tensor, to launch: CLLaunch, on backend: CLBackend, workspace partial: CLMemory)
    throws(BackendError)
  {
    let columns = gradient.shape.count
    let arguments: [KernelArgument] = [
      .tensor(outputGradient), .int(outputGradient.shape.pixelCount), .int(columns), .memory(partial),
    ]
    switch backend.bodies {
    case .gpu:
      let group = (16, 8, 1)
      try launch.add(
        "convolution_bias", in: "convolution_reduce.cl", definitions: ["GROUP_X": group.0, "GROUP_Y": group.1],
        arguments: arguments, over: CLRange(groups: (ceilDivide(columns, group.0), biasSplits, 1), local: group))
    case .cpu:
      try launch.add(
        "convolution_vector_bias", in: "convolution_vector_reduce.cl", definitions: Self.vectorReduction,
        arguments: arguments,
        over: CLRange(groups: (ceilDivide(columns, 16), biasSplits, 1), local: (1, 1, 1)))
    }
    try addReduction(of: partial, splits: biasSplits, into: gradient, to: launch, on: backend)
  }
}
