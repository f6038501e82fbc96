import Runtime

/// The sizes of convolution_vector_filter.cl: one work-item per group, a register tile of input channels × vectors of output
/// channels inside a block that stays in the first-level cache.
public struct VectorFilter: Codable, Hashable, Sendable {
  /// Input channels of the register tile.
  public var tileRows: Int
  /// Vectors of 16 output channels of the register tile.
  public var tileVectors: Int
  /// Pixels that are copied side by side and used for all tiles of a block.
  public var blockPixels = 64
  /// Input channels that a work-item sums up.
  public var blockRows = 64
  /// Output channels that a work-item sums up.
  public var blockColumns = 64
  /// Parts that the pixels are split into, so that enough groups run at a time, yet each has enough to do.
  public var splits = 1

  /// What is good on many CPUs.
  init(for filter: ConvolutionFilter) {
    (tileRows, tileVectors) = filter.columns.shape.channels <= 16 ? (16, 1) : (8, 2)
    let blocks = blocks(of: filter)
    // All blocks and taps of one part run one after the other: its pixels should stay in the second-level cache, as long
    // as the parts of the sums do not become more than the tensors themselves.
    let elements = filter.rows.shape.count + filter.columns.shape.count
    let cached = min(ceilDivide(elements, 256 * 1024), elements / filter.weightsGradient.shape.count)
    let wanted = max(ceilDivide(64, blocks * filter.geometry.taps), cached)
    splits = max(1, min(wanted, filter.grid.shape.pixelCount / 64))
  }

  /// Blocks of input × output channels.
  private func blocks(of filter: ConvolutionFilter) -> Int {
    ceilDivide(filter.rows.shape.channels, blockRows) * ceilDivide(filter.columns.shape.channels, blockColumns)
  }
}

extension VectorFilter: FilterImplementation {
  func workspaceByteCount(for filter: ConvolutionFilter) -> Int {
    splits > 1 ? splits * filter.weightsGradient.shape.count * ElementType.float32.byteCount : 0
  }

  func add(_ filter: ConvolutionFilter, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let (rows, columns, geometry) = (filter.rows, filter.columns, filter.geometry)
    let (sampled, grid) = (filter.sampled.shape, filter.grid.shape)
    try launch.add(
      "convolution_vector_filter", in: "convolution_vector_filter.cl",
      definitions: [
        "TILE_ROWS": tileRows, "TILE_VECTORS": tileVectors, "BLOCK_PIXELS": blockPixels, "BLOCK_ROWS": blockRows,
        "BLOCK_COLUMNS": blockColumns,
      ],
      arguments: [.tensor(rows), .int(rows.shape.channels), .tensor(columns), .int(columns.shape.channels)]
        + filter.target(splits: splits, workspace: workspace) + [
          .int(filter.samplesRows ? 1 : 0), .int(grid.batch), .int(grid.height), .int(grid.width),
          .int(sampled.height), .int(sampled.width), .int(geometry.kernelHeight), .int(geometry.kernelWidth),
          .int(geometry.stride), .int(geometry.padding), .int(filter.accumulate && splits == 1 ? 1 : 0),
        ],
      over: CLRange(groups: (blocks(of: filter), geometry.taps, splits), local: (1, 1, 1)))
    guard splits > 1, let workspace else { return }
    try filter.addReduction(of: workspace, splits: splits, into: filter.weightsGradient, to: launch, on: backend)
  }
}
