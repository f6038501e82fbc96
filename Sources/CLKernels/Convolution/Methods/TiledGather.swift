import Runtime

/// The sizes of convolution.cl: an implicit matrix product, tiled into local memory and registers.
public struct TiledGather: Codable, Hashable, Sendable {
  public var tiles: ConvolutionTiles
  /// Parts that the terms of the sum are split into where the output alone has too few tiles to fill a GPU.
  public var splits: Int
  /// Whether rows are ordered position by position, the images of the batch innermost.
  public var positionMajor: Bool

  /// What is good on many GPUs, with these tiles.
  init(for gather: ConvolutionGather, tiles: ConvolutionTiles = ConvolutionTiles()) {
    self.tiles = tiles
    let grids = gather.phases * gather.phases
    let groups = ceilDivide(gather.rows, tiles.rows) * ceilDivide(gather.columns, tiles.columns) * grids
    let terms = ceilDivide(gather.geometry.taps, grids) * gather.channels
    splits = max(1, min(ceilDivide(ConvolutionTiles.wantedGroups, groups), terms / 64, 32))
    positionMajor = gather.isBestPositionMajor
  }
}

extension TiledGather: GatherImplementation {
  static func candidates(for gather: ConvolutionGather) -> [TiledGather] {
    ConvolutionTiles.candidates.map { TiledGather(for: gather, tiles: $0) }
  }

  var neighbours: [TiledGather] {
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
    var turned = self
    turned.positionMajor.toggle()
    return all + [turned]
  }

  public var description: String {
    "tiled \(tiles)" + (splits > 1 ? ", \(splits) splits" : "") + (positionMajor ? ", position-major" : "")
  }

  func isUsable(for gather: ConvolutionGather, on backend: CLBackend) -> Bool {
    tiles.isUsable(tensors(gather), on: backend.device) && 1...gather.geometry.taps * gather.channels ~= splits
      && workspaceByteCount(for: gather) <= backend.maximumAllocationByteCount
  }

  /// What the kernel reads and writes in runs.
  private func tensors(_ gather: ConvolutionGather) -> [Tensor] { [gather.input, gather.weights, gather.output] }

  func workspaceByteCount(for gather: ConvolutionGather) -> Int {
    splits > 1 ? splits * gather.output.shape.count * ElementType.float32.byteCount : 0
  }

  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let (input, weights, output) = (gather.input, gather.weights, gather.output)
    let partial = splits > 1 ? workspace : nil
    let target: [KernelArgument] =
      partial.map { [.memory($0), .ulong(0), .ulong(gather.columns)] } ?? [.tensor(output)]
    try launch.add(
      "convolution_data", in: "convolution.cl", definitions: tiles.definitions(tensors(gather)),
      arguments: [.tensor(input), .int(input.shape.height), .int(input.shape.width)]
        + [.tensor(weights), .int(gather.readsWeightsTransposed ? 1 : 0)]
        + (try gather.biasArguments(partial == nil ? gather.bias : nil, backend))
        + target + gather.extents(positionMajor: positionMajor) + [.int(splits)],
      over: CLRange(
        groups: (
          ceilDivide(gather.rows, tiles.rows), ceilDivide(gather.columns, tiles.columns),
          gather.phases * gather.phases * splits
        ), local: tiles.group))
    if let partial { try gather.addReduction(of: partial, splits: splits, to: launch, on: backend) }
  }
}
