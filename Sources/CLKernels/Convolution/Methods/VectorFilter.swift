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
    setSplits(for: filter)
  }

  /// As many parts as are good with blocks of this size.
  private mutating func setSplits(for filter: ConvolutionFilter) {
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
  /// Register tiles and the blocks that they fill: those of 32 registers of 16 floats, then of 16 registers of 8.
  static func candidates(for filter: ConvolutionFilter) -> [VectorFilter] {
    let standard = VectorFilter(for: filter)
    let sizes = [
      (8, 2, 64, 64), (16, 1, 64, 64), (12, 2, 48, 64), (6, 4, 48, 64), (8, 3, 64, 96), (24, 1, 48, 64),
      (16, 1, 32, 32), (8, 2, 32, 32), (4, 1, 64, 64), (2, 2, 64, 64),
    ]
    return [standard]
      + sizes.map { tileRows, tileVectors, blockRows, blockColumns in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (tileRows, tileVectors)
        (copy.blockRows, copy.blockColumns) = (blockRows, blockColumns)
        copy.setSplits(for: filter)
        return copy
      }
  }

  var neighbours: [VectorFilter] {
    func changed(_ size: WritableKeyPath<VectorFilter, Int>, _ values: [Int]) -> [VectorFilter] {
      values.map { value in
        var copy = self
        copy[keyPath: size] = value
        return copy
      }
    }
    return changed(\.splits, neighbouringSplits(splits))
      + changed(\.blockPixels, [blockPixels / 2, blockPixels * 2])
      + changed(\.tileRows, [tileRows / 2, tileRows * 2])
      + changed(\.tileVectors, [tileVectors - 1, tileVectors + 1])
      + changed(\.blockRows, [blockRows - 16, blockRows + 16, blockRows / 2, blockRows * 2])
      + changed(\.blockColumns, [blockColumns - 16, blockColumns + 16, blockColumns / 2, blockColumns * 2])
  }

  public var description: String {
    "vector \(tileRows)×\(tileColumns) of \(blockRows)×\(blockColumns), \(blockPixels) pixels"
      + (splits > 1 ? ", \(splits) splits" : "")
  }

  private var tileColumns: Int { tileVectors * 16 }

  func isUsable(for filter: ConvolutionFilter, on backend: CLBackend) -> Bool {
    let sides = 16...512
    guard 1...32 ~= tileRows, 1...8 ~= tileVectors, tileRows * tileVectors <= 64, sides ~= blockRows,
      sides ~= blockColumns, 1...1024 ~= blockPixels, 1...max(1, filter.grid.shape.pixelCount) ~= splits
    else { return false }
    // The guards of convolution_vector_filter.cl.
    guard blockRows.isMultiple(of: 16), blockRows.isMultiple(of: tileRows), blockColumns.isMultiple(of: tileColumns)
    else { return false }
    return privateByteCount <= Self.largestPrivateByteCount
      && workspaceByteCount(for: filter) <= backend.maximumAllocationByteCount
  }

  /// A work-item's sums and copies, which are on its thread's stack.
  private var privateByteCount: Int {
    (blockRows * blockColumns + blockPixels * (blockRows + blockColumns)) * ElementType.float32.byteCount
  }
  private static let largestPrivateByteCount = 256 * 1024

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
