import Runtime

/// The sizes of convolution_winograd_vector_filter.cl: minimal filtering of 3 × 3 kernels for CPUs, a block of the gradient at
/// its points that stays in the second-level cache over all tiles.
public struct WinogradVectorFilter: Codable, Hashable, Sendable {
  /// Tiles of 4 × 4 pixels that are brought to their points at a time.
  public var blockTiles = 16
  /// Input channels that a work-item sums up.
  public var blockRows = 64
  /// Vectors of 16 output channels that a work-item sums up.
  public var blockVectors = 4
  /// Input channels of the register tile.
  public var tileRows = 8
  /// Vectors of 16 output channels of the register tile.
  public var tileVectors = 2
  /// Parts that the tiles are split into, so that enough groups run at a time.
  public var splits = 1

  /// What is good on many CPUs; nil for other kernels than 3 × 3 with a stride and a padding of 1.
  init?(for filter: ConvolutionFilter) {
    // A transposed convolution would want its taps in reverse order.
    guard Winograd.fits(filter.geometry), filter.samplesRows else { return nil }
    if filter.columns.shape.channels <= 16 { (blockRows, blockVectors, tileRows, tileVectors) = (32, 1, 16, 1) }
    // A map of 2 × 2 has a quarter of the points, so that a block has room for more.
    if Winograd.isMap2x2(filter.grid.shape) { (blockTiles, blockRows) = (64, 2 * blockRows) }
    setSplits(for: filter)
  }

  /// As many parts as are good with blocks of this size.
  private mutating func setSplits(for filter: ConvolutionFilter) {
    // A part of fewer tiles costs more in inverse transforms and in adding up than it gains; with more parts the sums would
    // be more than the tensors themselves.
    let tiles = Winograd.vectorTiles(of: filter.grid.shape)
    let elements = filter.rows.shape.count + filter.columns.shape.count
    splits = max(1, min(32 / blocks(of: filter), tiles / 64, elements / filter.weightsGradient.shape.count))
  }

  /// Whether it is faster than shifted products: where the map fills most of its tiles.
  static func pays(for filter: ConvolutionFilter) -> Bool {
    Winograd.fits(filter.geometry) && filter.samplesRows && Winograd.fillsTiles(filter.grid.shape)
  }

  /// Blocks of input × output channels.
  private func blocks(of filter: ConvolutionFilter) -> Int {
    ceilDivide(filter.rows.shape.channels, blockRows) * ceilDivide(filter.columns.shape.channels, blockVectors * 16)
  }
}

extension WinogradVectorFilter: FilterImplementation {
  var accuracy: MethodAccuracy { .winograd }

  /// Register tiles and the blocks that they fill: those of 32 registers of 16 floats, then of 16 registers of 8.
  static func candidates(for filter: ConvolutionFilter) -> [WinogradVectorFilter] {
    guard let standard = WinogradVectorFilter(for: filter) else { return [] }
    let sizes = [(8, 2, 64, 4), (16, 1, 32, 1), (8, 2, 32, 4), (8, 2, 32, 2), (4, 1, 64, 4), (2, 2, 32, 2)]
    return [standard]
      + sizes.map { tileRows, tileVectors, blockRows, blockVectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (tileRows, tileVectors)
        (copy.blockRows, copy.blockVectors) = (blockRows, blockVectors)
        copy.setSplits(for: filter)
        return copy
      }
  }

  var neighbours: [WinogradVectorFilter] {
    func changed(_ size: WritableKeyPath<WinogradVectorFilter, Int>, _ values: [Int]) -> [WinogradVectorFilter] {
      values.map { value in
        var copy = self
        copy[keyPath: size] = value
        return copy
      }
    }
    return changed(\.splits, neighbouringSplits(splits))
      + changed(\.blockTiles, [blockTiles / 2, blockTiles * 2])
      + changed(\.blockRows, [blockRows / 2, blockRows * 2])
      + changed(\.blockVectors, [blockVectors / 2, blockVectors * 2])
  }

  public var description: String {
    "winograd-vector \(tileRows)×\(tileVectors * 16) of \(blockRows)×\(blockVectors * 16), \(blockTiles) tiles"
      + (splits > 1 ? ", \(splits) splits" : "")
  }

  func isUsable(for filter: ConvolutionFilter, on backend: CLBackend) -> Bool {
    guard Winograd.vectorsBuild(on: backend.device), Winograd.fits(filter.geometry), filter.samplesRows,
      1...32 ~= tileRows, 1...8 ~= tileVectors,
      tileRows * tileVectors <= 64, 1...128 ~= blockTiles, 16...256 ~= blockRows, 1...16 ~= blockVectors,
      1...max(1, Winograd.vectorTiles(of: filter.grid.shape)) ~= splits
    else { return false }
    // The guards of convolution_winograd_vector_filter.cl.
    guard blockRows.isMultiple(of: 16), blockRows.isMultiple(of: tileRows), blockVectors.isMultiple(of: tileVectors)
    else { return false }
    return privateByteCount(filter) <= Winograd.largestPrivateByteCount
      && workspaceByteCount(for: filter) <= backend.maximumAllocationByteCount
  }

  /// A work-item's points and sums, which are on its thread's stack.
  private func privateByteCount(_ filter: ConvolutionFilter) -> Int {
    let columns = blockVectors * 16
    let perPoint = blockTiles * (blockRows + columns) + blockRows * columns
    return Winograd.vectorPoints(of: filter.grid.shape) * perPoint * ElementType.float32.byteCount
  }

  func workspaceByteCount(for filter: ConvolutionFilter) -> Int {
    splits > 1 ? splits * filter.weightsGradient.shape.count * ElementType.float32.byteCount : 0
  }

  func add(_ filter: ConvolutionFilter, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let (rows, columns) = (filter.rows, filter.columns)
    try launch.add(
      "convolution_winograd_vector_filter", in: "convolution_winograd_vector_filter.cl",
      definitions: [
        "BLOCK_TILES": blockTiles, "BLOCK_ROWS": blockRows, "BLOCK_VECTORS": blockVectors, "TILE_ROWS": tileRows,
        "TILE_VECTORS": tileVectors, "MAP_2X2": Winograd.isMap2x2(columns.shape),
      ],
      arguments: [.tensor(rows), .int(rows.shape.channels), .tensor(columns), .int(columns.shape.channels)]
        + filter.target(splits: splits, workspace: workspace) + [
          .int(columns.shape.batch), .int(columns.shape.height), .int(columns.shape.width),
          .int(filter.accumulate && splits == 1 ? 1 : 0),
        ],
      over: CLRange(groups: (blocks(of: filter), splits, 1), local: (1, 1, 1)))
    guard splits > 1, let workspace else { return }
    try filter.addReduction(of: workspace, splits: splits, into: filter.weightsGradient, to: launch, on: backend)
  }
}
