import Runtime

/// The sizes of convolution_winograd_filter.cl: minimal filtering of 3 × 3 kernels for GPUs, by kernels that bring the tensors
/// to their points and back, and 36 tiled matrix products between them.
public struct WinogradFilter: Codable, Hashable, Sendable {
  public var tiles: ConvolutionTiles
  /// Tiles of 4 × 4 pixels that are brought to their points at a time; these should stay in a cache.
  public var passTiles: Int
  /// Parts that the products of a pass are split into, so that enough groups run at a time.
  public var splits: Int

  /// What is good on many GPUs, with these tiles of the products; nil for other kernels than 3 × 3 with a stride and a padding
  /// of 1.
  init?(for filter: ConvolutionFilter, tiles: ConvolutionTiles = ConvolutionTiles()) {
    // A transposed convolution would want its taps in reverse order.
    guard Winograd.fits(filter.geometry), filter.samplesRows else { return nil }
    self.tiles = tiles
    let (channels, columns) = (filter.rows.shape.channels, filter.columns.shape.channels)
    passTiles = Winograd.passTiles(channels: channels + columns, multipleOf: tiles.depth)
    let groups = Winograd.points * ceilDivide(channels, tiles.rows) * ceilDivide(columns, tiles.columns)
    let count = min(passTiles, Winograd.tiles(of: filter.grid.shape))
    splits = max(1, min(ceilDivide(ConvolutionTiles.wantedGroups, groups), count / 64))
  }

  private func passCount(_ filter: ConvolutionFilter) -> Int { min(passTiles, Winograd.tiles(of: filter.grid.shape)) }
  private func passes(_ filter: ConvolutionFilter) -> Int {
    ceilDivide(Winograd.tiles(of: filter.grid.shape), passCount(filter))
  }

  /// Floats of a pass's points of the two tensors, and of one part of the sums, which follow each other in the workspace.
  private func counts(_ filter: ConvolutionFilter) -> (rows: Int, columns: Int, sums: Int) {
    let pass = passCount(filter)
    let (channels, columns) = (filter.rows.shape.channels, filter.columns.shape.channels)
    return (
      Winograd.points * pass * channels, Winograd.points * pass * columns, Winograd.points * channels * columns
    )
  }
}

extension WinogradFilter: FilterImplementation {
  var accuracy: MethodAccuracy { .winograd }

  static func candidates(for filter: ConvolutionFilter) -> [WinogradFilter] {
    ConvolutionTiles.candidates.compactMap { WinogradFilter(for: filter, tiles: $0) }
  }

  var neighbours: [WinogradFilter] {
    var all = tiles.neighbours.map { tiles in
      var copy = self
      copy.tiles = tiles
      return copy
    }
    for count in [passTiles / 2, passTiles * 2] {
      var copy = self
      copy.passTiles = count
      all.append(copy)
    }
    for splits in neighbouringSplits(splits) {
      var copy = self
      copy.splits = splits
      all.append(copy)
    }
    return all
  }

  public var description: String {
    "winograd \(tiles), \(passTiles) at a time" + (splits > 1 ? ", \(splits) splits" : "")
  }

  func isUsable(for filter: ConvolutionFilter, on backend: CLBackend) -> Bool {
    Winograd.fits(filter.geometry) && filter.samplesRows && 1...Winograd.mostPassTiles ~= passTiles
      && 1...max(1, Winograd.tiles(of: filter.grid.shape)) ~= splits
      && tiles.isUsable([filter.rows, filter.columns], on: backend.device)
      && workspaceByteCount(for: filter) <= backend.maximumAllocationByteCount
  }

  func workspaceByteCount(for filter: ConvolutionFilter) -> Int {
    let (rows, columns, sums) = counts(filter)
    return (rows + columns + passes(filter) * splits * sums) * ElementType.float32.byteCount
  }

  func add(_ filter: ConvolutionFilter, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    guard let workspace else { return }
    let (shape, channels, columns) = (filter.grid.shape, filter.rows.shape.channels, filter.columns.shape.channels)
    let counts = counts(filter)
    let (columnsStart, sumsStart) = (counts.rows, counts.rows + counts.columns)
    let file = "convolution_winograd_filter.cl"
    let definitions = tiles.definitions([filter.rows, filter.columns])
    let all = Winograd.tiles(of: shape)
    let pass = passCount(filter)
    for (index, first) in stride(from: 0, to: all, by: pass).enumerated() {
      let count = min(pass, all - first)
      try Winograd.addSource(
        filter.rows, first: first, count: count, definitions, into: workspace, at: 0, to: launch, on: backend)
      try launch.add(
        "convolution_winograd_output_gradient", in: file, definitions: definitions,
        arguments: [
          .tensor(filter.columns), .int(shape.height), .int(shape.width), .int(columns), .int(first), .int(count),
          .memory(workspace), .ulong(columnsStart),
        ], over: backend.rows(channels: columns, pixels: count))
      try launch.add(
        "convolution_winograd_filter_product", in: file, definitions: definitions,
        arguments: [
          .memory(workspace), .ulong(0), .memory(workspace), .ulong(columnsStart), .memory(workspace),
          .ulong(sumsStart + index * splits * counts.sums), .int(channels), .int(count), .int(columns),
        ],
        over: CLRange(
          groups: (
            ceilDivide(channels, tiles.rows), ceilDivide(columns, tiles.columns), splits * Winograd.points
          ), local: tiles.group))
    }
    try launch.add(
      "convolution_winograd_weights_gradient", in: file, definitions: definitions,
      arguments: [
        .memory(workspace), .ulong(sumsStart), .int(passes(filter) * splits), .tensor(filter.weightsGradient),
        .int(channels), .int(columns), .int(filter.accumulate ? 1 : 0),
      ], over: backend.rows(channels: columns, pixels: channels))
  }
}
