import Runtime

extension CLBackend {
  public func plan(_ problem: ConvolutionProblem) -> PlannedOperation {
    let (algorithm, isTuned) = algorithm(for: problem)
    if isTuned { noteUse(of: algorithm, for: ConvolutionKey(problem)) }
    return plan(problem, by: algorithm)
  }

  /// Returns a plan of the algorithm's kernels, and after them those of the statistics or of the bias's gradient.
  func plan(_ problem: ConvolutionProblem, by algorithm: AnyAlgorithm) -> PlannedOperation {
    let parameters = algorithm.parameters
    let block = parameters.momentsBlock(of: problem)
    let statistics = problem.statistics.map {
      ($0, BatchNormalizationTiling(problem.map.shape, block: block, on: self))
    }
    // The kernels run one after the other and share the workspace.
    let byteCount = max(
      parameters.workspaceByteCount(for: problem), statistics?.1.partialsByteCount ?? 0,
      problem.target == .weights ? problem.biasWorkspaceByteCount : 0)
    return PlannedOperation(problem.title, workspaceByteCount: byteCount) { [self] (workspace) throws(BackendError) in
      // Not in the plan, whose workspace may be asked for at any size.
      try requireIntIndices(problem)
      let launch = CLLaunch(problem.title, on: self)
      var memory: CLMemory?
      if let workspace { memory = try own(workspace, for: problem.title, tensor: "workspace") }
      try parameters.add(problem, to: launch, workspace: memory)
      guard let memory else { return launch }
      if let (statistics, tiling) = statistics {
        if block == nil { try tiling.addPartials(of: problem.map, into: memory, to: launch) }
        try tiling.addMoments(statistics, from: memory, to: launch)
      }
      if problem.target == .weights, let bias = problem.bias {
        try problem.addBiasGradient(bias, to: launch, partials: memory)
      }
      return launch
    }
  }

  /// Throws unless indices of pixels and of elements of the weights, which are ints in the kernels, are small enough.
  private func requireIntIndices(_ problem: ConvolutionProblem) throws(BackendError) {
    let read = problem.target == .weights ? problem.map : problem.source
    try requireInt(problem.weights.shape.count, "weights", for: problem)
    try requireInt(read.shape.pixelCount, "pixels of \(read.storage.name)", for: problem)
    if problem.target == .weights {
      try requireInt(problem.image.shape.pixelCount, "pixels of \(problem.image.storage.name)", for: problem)
    } else {
      try requireInt(problem.m, "pixels of \(problem.result.storage.name)", for: problem)
    }
  }

  /// Throws unless the kernels can count to `value` with an int.
  private func requireInt(_ value: Int, _ counted: String, for problem: ConvolutionProblem) throws(BackendError) {
    guard value > Int(Int32.max) / 2 else { return }
    throw .invalidOperation(
      operation: problem.title, reason: "\(value) \(counted) are too many; use a smaller batch")
  }
}

extension BatchNormalizationTiling {
  /// Appends the kernel of the moments of each block of `tensor`.
  fileprivate func addPartials(of tensor: Tensor, into partials: CLMemory, to launch: CLLaunch) throws(BackendError) {
    try launch.add(
      "statistics_blocks", in: "batch_normalization.cl", definitions: definitions,
      arguments: [.tensor(tensor), .memory(partials)] + extents + [.uint(blocks)], over: range(blocks: blocks))
  }

  /// Appends the kernel of the mean and the variance of each channel, from the moments of all blocks.
  fileprivate func addMoments(_ moments: Tensor, from partials: CLMemory, to launch: CLLaunch) throws(BackendError) {
    try launch.add(
      "combine_moments", in: "batch_normalization.cl", definitions: definitions,
      arguments: [.memory(partials), .array(moments)] + extents + [.uint(blocks)], over: range(blocks: 1))
  }
}

/// A pass as an implicit matrix product, M × N × K. The data sum of a target `image` with a stride s is s² products,
/// one for each phase of the image's pixels (kernels/convolution_geometry.h).
extension ConvolutionProblem {
  /// Phases along each axis.
  var phases: Int { target == .image ? geometry.stride : 1 }
  /// Pixels of the largest phase of one image.
  var phasePixels: Int { ceilDivide(result.shape.height, phases) * ceilDivide(result.shape.width, phases) }

  /// Pixels of the result's largest phase; of the filter sum, taps and channels of the image.
  var m: Int { target == .weights ? geometry.taps * image.shape.channels : result.shape.batch * phasePixels }
  /// Channels of the result; of the filter sum, of the map.
  var n: Int { target == .weights ? map.shape.channels : result.shape.channels }
  /// Taps and channels of the source; of the filter sum, pixels of the map.
  var k: Int { target == .weights ? map.shape.pixelCount : geometry.taps * source.shape.channels }

  /// Groups of a product in `tiles`, along M and along N.
  func groups(_ tiles: some ProductTiles) -> (m: Int, n: Int) {
    (ceilDivide(m, tiles.rows), ceilDivide(n, tiles.columns))
  }

  /// Elements that may be read or written at a time.
  var vectorWidth: Int { commonVectorWidth([image, map, weights]) }
}

/// Returns the elements that may be read at a time: four if all offsets, strides and numbers of channels are multiples
/// of four.
func commonVectorWidth(_ tensors: [Tensor]) -> Int {
  tensors.allSatisfy { tensor in
    [tensor.offset, tensor.pixelStride, tensor.shape.channels].allSatisfy { $0.isMultiple(of: 4) }
  } ? 4 : 1
}
