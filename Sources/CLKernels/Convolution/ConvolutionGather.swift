import Runtime

/// A convolution's forward pass, its data gradient, or the same of a transposed convolution: one sum, read from the output's
/// side. The formulation is in convolution_geometry.h.
struct ConvolutionGather {
  /// Which of the tensors is the finer one.
  enum Direction {
    /// From an image to its convolution.
    case down
    /// From a convolution's output to its image: stride² interleaved grids of output pixels, each with taps of its own.
    case up
  }

  /// The operation's name, for messages.
  let name: String
  /// `[N, H, W, C]`
  let input: Tensor
  /// `[kernelHeight, kernelWidth, C, K]`, or `[kernelHeight, kernelWidth, K, C]`
  let weights: Tensor
  /// `[K]`
  let bias: Tensor?
  /// `[N, H′, W′, K]`
  let output: Tensor
  let geometry: ConvolutionGeometry
  let direction: Direction
  /// Whether the weights' output channels are the ones that are summed over.
  let readsWeightsTransposed: Bool

  private var channels: Int { input.shape.channels }
  private var columns: Int { output.shape.channels }
  /// Interleaved grids along each axis.
  private var phases: Int { direction == .up ? geometry.stride : 1 }
  /// Pixels of the largest of the interleaved grids, of one image.
  private var gridPixels: Int { ceilDivide(output.shape.height, phases) * ceilDivide(output.shape.width, phases) }
  private var rows: Int { output.shape.batch * gridPixels }
  /// On small maps a good part of the taps falls into the padding; rows are then ordered so that neighbours share their
  /// position and skip them together.
  private var isPositionMajor: Bool { geometry.taps > 1 && output.shape.batch > 1 && gridPixels <= 64 }

  func workspaceByteCount(_ bodies: KernelBodies) -> Int {
    switch bodies {
    case .gpu: splits > 1 ? splits * output.shape.count * ElementType.float32.byteCount : 0
    case .cpu: (vectorBlocks * geometry.taps * channels * vectorTile.columns + channels) * ElementType.float32.byteCount
    }
  }

  func prepare(on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    let launch = CLLaunch(name, on: backend)
    // Indices of rows, terms and elements of the weights are ints in the kernels.
    try requireInt(rows, "rows of the output", name)
    try requireInt(weights.shape.count, "weights", name)
    try requireInt(input.shape.pixelCount, "pixels of the input", name)
    switch backend.bodies {
    case .gpu: try addTiled(to: launch, backend, workspace)
    case .cpu: try addVector(to: launch, backend, workspace)
    }
    return launch
  }

  /// The sizes that both bodies end with.
  private var extents: [KernelArgument] {
    [
      .int(output.shape.height), .int(output.shape.width), .int(output.shape.batch), .int(channels), .int(columns),
      .int(geometry.kernelHeight), .int(geometry.kernelWidth), .int(geometry.padding), .int(phases),
      .int(direction == .up ? 1 : geometry.stride), .int(direction == .up ? -1 : 1), .int(isPositionMajor ? 1 : 0),
    ]
  }

  // MARK: GPU bodies

  /// Parts that the terms of the sum are split into where the output alone has too few tiles to fill a GPU. It depends on
  /// nothing but the shapes, so that results do not either.
  private var splits: Int {
    let tiles =
      ceilDivide(rows, ConvolutionTiles.rows) * ceilDivide(columns, ConvolutionTiles.columns) * phases * phases
    let terms = ceilDivide(geometry.taps, phases * phases) * channels
    return max(1, min(ceilDivide(ConvolutionTiles.wantedGroups, tiles), terms / 64, 32))
  }

  private func addTiled(to launch: CLLaunch, _ backend: CLBackend, _ workspace: DeviceMemory?) throws(BackendError) {
    let splits = splits
    let partial =
      splits > 1 ? try backend.workspace(workspace, byteCount: workspaceByteCount(.gpu), for: name) : nil
    try launch.add(
      "convolution_gather", in: "convolution.cl",
      definitions: ConvolutionTiles.definitions(input, weights, output),
      arguments: [.tensor(input), .int(input.shape.height), .int(input.shape.width)]
        + [.tensor(weights), .int(readsWeightsTransposed ? 1 : 0)]
        + (try biasArguments(splits > 1 ? nil : bias, backend))
        + (partial.map { [.memory($0), .ulong(0), .ulong(columns)] } ?? [.tensor(output)])
        + extents + [.int(splits)],
      over: CLRange(
        groups: (
          ceilDivide(rows, ConvolutionTiles.rows), ceilDivide(columns, ConvolutionTiles.columns),
          phases * phases * splits
        ), local: ConvolutionTiles.group))
    guard let partial else { return }
    try launch.add(
      "convolution_reduce", in: "convolution_reduce.cl",
      arguments: [.memory(partial), .int(splits)] + (try biasArguments(bias, backend))
        + [.tensor(output), .ulong(output.shape.pixelCount), .ulong(columns), .int(0)],
      over: backend.rows(channels: columns, pixels: output.shape.pixelCount))
  }

  // MARK: CPU bodies

  /// Pixels × vectors of the register tile: as wide as the output's channels allow without much waste.
  private var vectorTile: (rows: Int, vectors: Int, columns: Int) {
    let least = ceilDivide(columns, 16) * 16
    for (rows, vectors) in [(6, 4), (12, 2)] where ceilDivide(columns, vectors * 16) * vectors * 16 * 4 <= least * 5 {
      return (rows, vectors, vectors * 16)
    }
    return (16, 1, 16)
  }

  private var vectorBlocks: Int { ceilDivide(columns, vectorTile.columns) }

  private func addVector(to launch: CLLaunch, _ backend: CLBackend, _ workspace: DeviceMemory?) throws(BackendError) {
    let tile = vectorTile
    let packed = try backend.workspace(workspace, byteCount: workspaceByteCount(.cpu), for: name)
    let definitions: KeyValuePairs<String, any KernelConstant> = [
      "TILE_ROWS": tile.rows, "TILE_VECTORS": tile.vectors,
    ]
    try launch.add(
      "convolution_vector_pack", in: "convolution_vector.cl", definitions: definitions,
      arguments: [
        .tensor(weights), .memory(packed), .int(geometry.taps), .int(channels), .int(columns),
        .int(readsWeightsTransposed ? 1 : 0),
      ],
      over: CLRange(groups: (ceilDivide(channels, 16), vectorBlocks, geometry.taps), local: (1, 1, 1)))
    try launch.add(
      "convolution_vector_gather", in: "convolution_vector.cl", definitions: definitions,
      arguments: [.tensor(input), .int(input.shape.height), .int(input.shape.width), .memory(packed)]
        + (try biasArguments(bias, backend))
        + [.tensor(output)] + extents,
      over: CLRange(groups: (ceilDivide(rows, tile.rows), vectorBlocks, phases * phases), local: (1, 1, 1)))
  }

  /// A pointer, null for no bias, and an offset.
  private func biasArguments(_ bias: Tensor?, _ backend: CLBackend) throws(BackendError) -> [KernelArgument] {
    guard let bias else { return [.null, .ulong(0)] }
    return [.memory(try backend.memory(of: bias, for: name)), .ulong(bias.offset)]
  }
}
