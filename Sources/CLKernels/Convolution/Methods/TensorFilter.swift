import Runtime

/// The sizes of convolution_tensor_filter.cl: an implicit matrix product on tensor cores.
public struct TensorFilter: Codable, Hashable, Sendable {
  public var tiles: TensorTiles
  /// Parts that the pixels are split into, so that enough groups run at a time, yet each has enough to do.
  public var splits: Int

  /// What is good on NVIDIA's GPUs, as far as is known without measuring, with these tiles.
  init(for filter: ConvolutionFilter, tiles: TensorTiles) {
    self.tiles = tiles
    let groups = Self.groups(of: filter, tiles)
    let wanted = ceilDivide(TensorTiles.wantedGroups, groups.rows * groups.columns)
    splits = max(1, min(wanted, filter.grid.shape.pixelCount / TensorTiles.leastTerms))
  }

  init(for filter: ConvolutionFilter, _ precision: Precision) {
    // The sum over pixels is split anyway, so that rows need not make up for groups.
    let rows = filter.geometry.taps * filter.sampled.shape.channels * TensorTiles.wantedGroups
    self.init(
      for: filter,
      tiles: .best(precision, rows: rows, columns: filter.grid.shape.channels, Self.tensors(filter)))
  }

  /// Whether tensor cores pay: tiles would be mostly empty otherwise, and reads of single elements take longer than products.
  static func pays(for filter: ConvolutionFilter) -> Bool {
    filter.sampled.shape.channels >= 16 && filter.grid.shape.channels >= 16
      && ConvolutionTiles.vectorWidth(tensors(filter)) > 1
  }

  /// What the kernel reads and writes in runs.
  private static func tensors(_ filter: ConvolutionFilter) -> [Tensor] {
    [filter.rows, filter.columns, filter.weightsGradient]
  }

  private static func groups(of filter: ConvolutionFilter, _ tiles: TensorTiles) -> (rows: Int, columns: Int) {
    (
      ceilDivide(filter.geometry.taps * filter.sampled.shape.channels, tiles.rows),
      ceilDivide(filter.grid.shape.channels, tiles.columns)
    )
  }
}

extension TensorFilter: FilterImplementation {
  var accuracy: MethodAccuracy { tiles.accuracy }

  static func candidates(for filter: ConvolutionFilter, _ precision: Precision) -> [TensorFilter] {
    guard precision != .float32, pays(for: filter) else { return [] }
    return TensorTiles.candidates(precision).map { TensorFilter(for: filter, tiles: $0) }
  }

  var neighbours: [TensorFilter] {
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

  public var description: String { "\(tiles)" + (splits > 1 ? ", \(splits) splits" : "") }

  func isUsable(for filter: ConvolutionFilter, on backend: CLBackend) -> Bool {
    tiles.precision == backend.precision && tiles.isUsable(.filter, Self.tensors(filter), on: backend.device)
      && 1...max(1, filter.grid.shape.pixelCount) ~= splits
      && workspaceByteCount(for: filter) <= backend.maximumAllocationByteCount
  }

  func workspaceByteCount(for filter: ConvolutionFilter) -> Int {
    splits > 1 ? splits * filter.weightsGradient.shape.count * ElementType.float32.byteCount : 0
  }

  func add(_ filter: ConvolutionFilter, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let groups = Self.groups(of: filter, tiles)
    try launch.add(
      "convolution_tensor_filter", in: "convolution_tensor_filter.cl",
      definitions: tiles.definitions(.filter, Self.tensors(filter), on: backend.device),
      arguments: filter.tiledArguments(splits: splits, workspace: workspace),
      over: CLRange(groups: (groups.rows, groups.columns, splits), local: tiles.group))
    guard splits > 1, let workspace else { return }
    try filter.addReduction(of: workspace, splits: splits, into: filter.weightsGradient, to: launch, on: backend)
  }
}
