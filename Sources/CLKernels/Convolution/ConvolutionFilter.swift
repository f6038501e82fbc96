import Runtime

// The filter sum: gradients of weights and of the bias, summed over the map's pixels.

/// An algorithm for the filter sum whose pixels may be split into parts that a second kernel adds up.
protocol SplitFilter: ConvolutionAlgorithm {
  /// Parts of the pixels, so that enough groups run at a time, yet each has enough to do.
  var splits: Int { get set }

  /// Appends the kernel that computes the parts.
  /// - Parameters:
  ///   - target: `[splits][weights]`, or without splits the gradient itself.
  ///   - accumulate: whether the kernel adds to the target.
  func addParts(
    _ problem: ConvolutionProblem, into target: [KernelArgument], accumulate: KernelArgument, to launch: CLLaunch
  ) throws(BackendError)
}

extension SplitFilter {
  var splitsDescription: String { splits > 1 ? ", \(splits) splits" : "" }
  var splitsNeighbours: [Self] { varying(\.splits, [splits * 2, splits / 2]) }

  func workspaceByteCount(for problem: ConvolutionProblem) -> Int {
    splits > 1 ? splits * problem.weights.shape.count * ElementType.float32.byteCount : 0
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    let weights = problem.weights
    guard splits > 1, let workspace else {
      return try addParts(
        problem, into: [.tensor(weights)], accumulate: .int(problem.accumulate ? 1 : 0), to: launch)
    }
    try addParts(
      problem, into: [.memory(workspace), .ulong(0), .ulong(weights.shape.channels)], accumulate: .int(0), to: launch)
    try problem.addReduction(of: workspace, parts: splits, into: weights, to: launch)
  }
}

/// A filter sum as a tiled matrix product.
protocol FilterProduct: SplitFilter, TiledAlgorithm {}

extension FilterProduct {
  var neighbours: [Self] { varying(\.tiles, tiles.neighbours) + splitsNeighbours }

  /// Appends the kernel of the product.
  func addProduct(
    _ problem: ConvolutionProblem, _ kernel: String, in file: String,
    _ definitions: KeyValuePairs<String, any KernelConstant>, into target: [KernelArgument],
    accumulate: KernelArgument, to launch: CLLaunch
  ) throws(BackendError) {
    let (image, map, geometry) = (problem.image, problem.map, problem.geometry)
    let groups = problem.groups(tiles)
    try launch.add(
      kernel, in: file, definitions: definitions,
      arguments: [
        .tensor(image), .int(image.shape.height), .int(image.shape.width), .int(image.shape.channels),
        .tensor(map), .int(map.shape.height), .int(map.shape.width), .int(map.shape.channels),
      ] + target + [
        .int(problem.weightsInput == .image ? 0 : 1), .int(map.shape.batch), .int(geometry.kernelHeight),
        .int(geometry.kernelWidth), .int(geometry.stride), .int(geometry.padding), accumulate,
      ],
      over: CLRange(groups: (groups.m, groups.n, splits), local: tiles.group))
  }
}

extension ConvolutionProblem {
  /// Appends the sum of `count` parts into `target`, in the parts' order.
  func addReduction(of parts: CLMemory, parts count: Int, into target: Tensor, to launch: CLLaunch)
    throws(BackendError)
  {
    // Without gaps the target is one long line.
    let lines = target.isDense ? 1 : target.shape.pixelCount
    let length = target.shape.count / lines
    let accumulate = KernelArgument.int(accumulate ? 1 : 0)
    switch launch.backend.bodies {
    case .gpu:
      try launch.add(
        "convolution_reduce", in: "convolution_reduce.cl", definitions: launch.backend.reductionDefinitions,
        arguments: [
          .memory(parts), .int(count), .null, .ulong(0), .tensor(target), .ulong(lines), .ulong(length), accumulate,
        ], over: launch.backend.rows(channels: length, pixels: lines))
    case .cpu:
      try launch.add(
        "convolution_vector_reduce", in: "convolution_vector_reduce.cl", definitions: Self.vectorReduction,
        arguments: [.memory(parts), .int(count), .tensor(target), .int(length), accumulate],
        over: CLRange(groups: (ceilDivide(length, Self.reducedVectors * 16), lines, 1), local: (1, 1, 1)))
    }
  }

  /// Vectors of 16 that a work-item of the CPU body adds up.
  private static let reducedVectors = 16
  private static var vectorReduction: KeyValuePairs<String, any KernelConstant> { ["REDUCED_VECTORS": reducedVectors] }

  private var biasParts: Int { max(1, min(64, outputSide.shape.pixelCount / 64)) }

  var biasWorkspaceByteCount: Int { bias.map { biasParts * $0.shape.count * ElementType.float32.byteCount } ?? 0 }

  /// Appends the kernels of the bias's gradient: the sum of the output's gradient over all pixels.
  func addBiasGradient(_ gradient: Tensor, to launch: CLLaunch, partials: CLMemory) throws(BackendError) {
    let channels = gradient.shape.count
    let arguments: [KernelArgument] = [
      .tensor(outputSide), .int(outputSide.shape.pixelCount), .int(channels), .memory(partials),
    ]
    switch launch.backend.bodies {
    case .gpu:
      let group = launch.backend.biasGroup
      try launch.add(
        "convolution_bias", in: "convolution_reduce.cl", definitions: launch.backend.reductionDefinitions,
        arguments: arguments,
        over: CLRange(
          groups: (ceilDivide(channels, group.columns), biasParts, 1), local: (group.columns, group.rows, 1)))
    case .cpu:
      try launch.add(
        "convolution_vector_bias", in: "convolution_vector_reduce.cl", definitions: Self.vectorReduction,
        arguments: arguments, over: CLRange(groups: (ceilDivide(channels, 16), biasParts, 1), local: (1, 1, 1)))
    }
    try addReduction(of: partials, parts: biasParts, into: gradient, to: launch)
  }
}

extension CLBackend {
  /// Work-items of a group of the GPU bodies that sums up a bias's gradient, along the channels and along the pixels.
  fileprivate var biasGroup: (columns: Int, rows: Int) { reductionGroup(columns: 16, mostRows: 8) }

  /// The constants that convolution_reduce.cl is built with, whichever of its kernels is meant: a driver may refuse a
  /// program that has a kernel of too large groups.
  var reductionDefinitions: KeyValuePairs<String, any KernelConstant> {
    ["GROUP_X": biasGroup.columns, "GROUP_Y": biasGroup.rows]
  }
}
