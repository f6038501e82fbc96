import Runtime

/// Gradients of the weights and of the bias of a convolution or a transposed one:
///
/// weightsGradient(i, j, c, k) = Σ rows(·, c) · columns(·, k) over the pixels of the coarser of the two tensors; the finer one
/// is sampled at pixel · stride + (i, j) − padding.
struct ConvolutionFilter {
  /// The operation's name, for messages.
  let name: String
  /// The tensor whose channels are the weights' input channels.
  let rows: Tensor
  /// The tensor whose channels are the weights' output channels.
  let columns: Tensor
  /// Whether `rows` is the finer one, as in a convolution, or `columns`, as in a transposed one.
  let samplesRows: Bool
  /// What the bias's gradient sums up.
  let outputGradient: Tensor
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`
  let weightsGradient: Tensor
  /// `[outputChannels]`
  let biasGradient: Tensor?
  let geometry: ConvolutionGeometry
  /// Add to the gradients instead of overwriting them.
  let accumulate: Bool

  private var sampled: Tensor { samplesRows ? rows : columns }
  private var grid: Tensor { samplesRows ? columns : rows }

  func workspaceByteCount(_ bodies: KernelBodies) -> Int {
    let splits = splits(bodies)
    // The two gradients use it one after the other.
    let weights = splits > 1 ? splits * weightsGradient.shape.count : 0
    let bias = biasGradient.map { biasSplits * $0.shape.count } ?? 0
    return max(weights, bias) * ElementType.float32.byteCount
  }

  func prepare(on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    let launch = CLLaunch(name, on: backend)
    // Indices of pixels and of elements of the weights are ints in the kernels.
    try requireInt(sampled.shape.pixelCount, "pixels of \(sampled.storage.name)", name)
    try requireInt(grid.shape.pixelCount, "pixels of \(grid.storage.name)", name)
    try requireInt(weightsGradient.shape.count, "weights", name)
    let splits = splits(backend.bodies)
    let byteCount = workspaceByteCount(backend.bodies)
    let partial = byteCount > 0 ? try backend.workspace(workspace, byteCount: byteCount, for: name) : nil

    let target: [KernelArgument] =
      if let partial, splits > 1 {
        [.memory(partial), .ulong(0), .ulong(weightsGradient.shape.channels)]
      } else {
        [.tensor(weightsGradient)]
      }
    let accumulates = accumulate && splits == 1
    switch backend.bodies {
    case .gpu: try addTiled(to: launch, target, splits: splits, accumulate: accumulates)
    case .cpu: try addVector(to: launch, target, splits: splits, accumulate: accumulates)
    }
    if let partial, splits > 1 {
      try addReduction(of: partial, splits: splits, into: weightsGradient, to: launch, backend)
    }
    if let partial, let biasGradient {
      try addBias(to: launch, backend, partial, columns: biasGradient.shape.count)
      try addReduction(of: partial, splits: biasSplits, into: biasGradient, to: launch, backend)
    }
    return launch
  }

  /// Parts that the pixels are split into, so that enough groups run at a time, yet each has enough to do. It depends on
  /// nothing but the shapes, so that results do not either.
  private func splits(_ bodies: KernelBodies) -> Int {
    let pixels = grid.shape.pixelCount
    switch bodies {
    case .gpu:
      let tiles =
        ceilDivide(geometry.taps * sampled.shape.channels, ConvolutionTiles.rows)
        * ceilDivide(grid.shape.channels, ConvolutionTiles.columns)
      return max(1, min(ceilDivide(ConvolutionTiles.wantedGroups, tiles), pixels / 64))
    case .cpu:
      // All blocks and taps of one part run one after the other: its pixels should stay in the second-level cache, as long
      // as the parts of the sums do not become more than the tensors themselves.
      let elements = rows.shape.count + columns.shape.count
      let cached = min(ceilDivide(elements, 256 * 1024), elements / weightsGradient.shape.count)
      return max(1, min(max(ceilDivide(64, vectorBlocks * geometry.taps), cached), pixels / 64))
    }
  }

  private var biasSplits: Int { max(1, min(64, outputGradient.shape.pixelCount / 64)) }

  private func addTiled(to launch: CLLaunch, _ target: [KernelArgument], splits: Int, accumulate: Bool)
    throws(BackendError)
  {
    try launch.add(
      "convolution_filter", in: "convolution_filter.cl",
      definitions: ConvolutionTiles.definitions(rows, columns, weightsGradient),
      arguments: [
        .tensor(sampled), .int(sampled.shape.height), .int(sampled.shape.width), .int(sampled.shape.channels),
        .tensor(grid), .int(grid.shape.height), .int(grid.shape.width), .int(grid.shape.channels),
      ] + target + [
        .int(samplesRows ? 0 : 1), .int(grid.shape.batch), .int(geometry.kernelHeight), .int(geometry.kernelWidth),
        .int(geometry.stride), .int(geometry.padding), .int(accumulate ? 1 : 0),
      ],
      over: CLRange(
        groups: (
          ceilDivide(geometry.taps * sampled.shape.channels, ConvolutionTiles.rows),
          ceilDivide(grid.shape.channels, ConvolutionTiles.columns), splits
        ), local: ConvolutionTiles.group))
  }

  /// Blocks of input × output channels of the CPU body, 64 each way.
  private var vectorBlocks: Int { ceilDivide(rows.shape.channels, 64) * ceilDivide(columns.shape.channels, 64) }

  /// Register tile of the CPU body: input channels × vectors of output channels.
  private var vectorTile: KeyValuePairs<String, any KernelConstant> {
    columns.shape.channels <= 16 ? ["TILE_ROWS": 16, "TILE_VECTORS": 1] : ["TILE_ROWS": 8, "TILE_VECTORS": 2]
  }

  private func addVector(to launch: CLLaunch, _ target: [KernelArgument], splits: Int, accumulate: Bool)
    throws(BackendError)
  {
    try launch.add(
      "convolution_vector_filter", in: "convolution_vector_filter.cl", definitions: vectorTile,
      arguments: [.tensor(rows), .int(rows.shape.channels), .tensor(columns), .int(columns.shape.channels)] + target
        + [
          .int(samplesRows ? 1 : 0), .int(grid.shape.batch), .int(grid.shape.height), .int(grid.shape.width),
          .int(sampled.shape.height), .int(sampled.shape.width), .int(geometry.kernelHeight),
          .int(geometry.kernelWidth), .int(geometry.stride), .int(geometry.padding), .int(accumulate ? 1 : 0),
        ],
      over: CLRange(groups: (vectorBlocks, geometry.taps, splits), local: (1, 1, 1)))
  }

  private func addBias(to launch: CLLaunch, _ backend: CLBackend, _ partial: DeviceMemory, columns: Int)
    throws(BackendError)
  {
    let arguments: [KernelArgument] = [
      .tensor(outputGradient), .int(outputGradient.shape.pixelCount), .int(columns), .memory(partial),
    ]
    switch backend.bodies {
    case .gpu:
      try launch.add(
        "convolution_bias", in: "convolution_filter.cl",
        definitions: ConvolutionTiles.definitions(rows, self.columns, weightsGradient),
        arguments: arguments,
        over: CLRange(
          groups: (ceilDivide(columns, ConvolutionTiles.group.0), biasSplits, 1), local: ConvolutionTiles.group))
    case .cpu:
      try launch.add(
        "convolution_vector_bias", in: "convolution_vector_filter.cl", definitions: vectorTile, arguments: arguments,
        over: CLRange(groups: (ceilDivide(columns, 16), biasSplits, 1), local: (1, 1, 1)))
    }
  }

  private func addReduction(
    of partial: DeviceMemory, splits: Int, into target: Tensor, to launch: CLLaunch, _ backend: CLBackend
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
        "convolution_vector_reduce", in: "convolution_vector_filter.cl", definitions: vectorTile,
        arguments: [.memory(partial), .int(splits), .tensor(target), .int(columns), .int(accumulate ? 1 : 0)],
        over: CLRange(groups: (ceilDivide(columns, 256), lines, 1), local: (1, 1, 1)))
    }
  }
}
