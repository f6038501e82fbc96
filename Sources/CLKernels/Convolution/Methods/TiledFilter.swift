import Runtime

/// The sizes of convolution_filter.cl: an implicit matrix product, tiled into local memory and registers.
public struct TiledFilter: Codable, Hashable, Sendable {
  public var tiles: ConvolutionTiles
  /// Parts that the pixels are split into, so that enough groups run at a time, yet each has enough to do.
  public var splits: Int

  /// What is good on many GPUs, with these tiles.
  init(for filter: ConvolutionFilter, tiles: ConvolutionTiles = ConvolutionTiles()) {
    self.tiles = tiles
    let groups = Self.groups(of: filter, tiles)
    let wanted = ceilDivide(ConvolutionTiles.wantedGroups, groups.rows * groups.columns)
    splits = max(1, min(wanted, filter.grid.shape.pixelCount / 64))
  }

  private static func groups(of filter: ConvolutionFilter, _ tiles: ConvolutionTiles) -> (rows: Int, columns: Int) {
    (
      ceilDivide(filter.geometry.taps * filter.sampled.shape.channels, tiles.rows),
      ceilDivide(filter.grid.shape.channels, tiles.columns)
    )
  }
}

extension TiledFilter: FilterImplementation {
  static func candidates(for filter: ConvolutionFilter) -> [TiledFilter] {
    ConvolutionTiles.candidates.map { TiledFilter(for: filter, tiles: $0) }
  }

  var neighbours: [TiledFilter] {
    var all = tiles.neighbours.map { tiles in
      var copy = self
      copy.tiles = tiles
      return copy
    }
    for splits in neighbouringSplits(splits) {
      var copy = self
      copy.splits = splits
      all.append(copy)
    }
    return all
  }

  public var description: String { "tiled \(tiles)" + (splits > 1 ? ", \(splits) splits" : "") }

  func isUsable(for filter: ConvolutionFilter, on backend: CLBackend) -> Bool {
    tiles.isUsable(tensors(filter), on: backend.device) && 1...max(1, filter.grid.shape.pixelCount) ~= splits
      && workspaceByteCount(for: filter) <= backend.maximumAllocationByteCount
  }

  /// What the kernel reads and writes in runs.
  private func tensors(_ filter: ConvolutionFilter) -> [Tensor] {
    [filter.rows, filter.columns, filter.weightsGradient]
  }

  func workspaceByteCount(for filter: ConvolutionFilter) -> Int {
    splits > 1 ? splits * filter.weightsGradient.shape.count * ElementType.float32.byteCount : 0
  }

  func add(_ filter: ConvolutionFilter, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let groups = Self.groups(of: filter, tiles)
    try launch.add(
      "convolution_filter", in: "convolution_filter.cl",
      definitions: tiles.definitions(tensors(filter)),
      arguments: filter.tiledArguments(splits: splits, workspace: workspace),
      over: CLRange(groups: (groups.rows, groups.columns, splits), local: tiles.group))
    guard splits > 1, let workspace else { return }
    try filter.addReduction(of: workspace, splits: splits, into: filter.weightsGradient, to: launch, on: backend)
  }
}
