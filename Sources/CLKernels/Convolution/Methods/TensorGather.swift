import Runtime

/// The sizes of convolution_tensor.cl: an implicit matrix product on tensor cores.
public struct TensorGather: Codable, Hashable, Sendable {
  public var tiles: TensorTiles
  /// Parts that the terms of the sum are split into where the output alone has too few tiles to fill a GPU.
  public var splits: Int
  /// Whether rows are ordered position by position, the images of the batch innermost.
  public var positionMajor: Bool

  /// What is good on NVIDIA's GPUs, as far as is known without measuring, with these tiles.
  init(for gather: ConvolutionGather, tiles: TensorTiles) {
    self.tiles = tiles
    let grids = gather.phases * gather.phases
    let groups = ceilDivide(gather.rows, tiles.rows) * ceilDivide(gather.columns, tiles.columns) * grids
    let terms = ceilDivide(gather.geometry.taps, grids) * gather.channels
    splits = max(1, min(TensorTiles.wantedGroups / groups, terms / TensorTiles.leastTerms, 32))
    positionMajor = gather.isBestPositionMajor
  }

  init(for gather: ConvolutionGather, _ precision: Precision) {
    let rows = gather.rows * gather.phases * gather.phases
    self.init(
      for: gather,
      tiles: .best(precision, rows: rows, columns: gather.columns, Self.tensors(gather)))
  }

  /// Whether tensor cores pay: tiles would be mostly empty otherwise, and reads of single elements take longer than products.
  static func pays(for gather: ConvolutionGather) -> Bool {
    gather.columns >= 16 && gather.channels >= 16 && ConvolutionTiles.vectorWidth(tensors(gather)) > 1
  }

  /// What the kernel reads and writes in runs.
  private static func tensors(_ gather: ConvolutionGather) -> [Tensor] {
    [gather.input, gather.weights, gather.output]
  }
}

extension TensorGather: GatherImplementation {
  var accuracy: MethodAccuracy { tiles.accuracy }

  static func candidates(for gather: ConvolutionGather, _ precision: Precision) -> [TensorGather] {
    guard precision != .float32, pays(for: gather) else { return [] }
    return TensorTiles.candidates(precision).map { TensorGather(for: gather, tiles: $0) }
  }

  var neighbours: [TensorGather] {
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
    "\(tiles)" + (splits > 1 ? ", \(splits) splits" : "") + (positionMajor ? ", position-major" : "")
  }

  func isUsable(for gather: ConvolutionGather, on backend: CLBackend) -> Bool {
    tiles.precision == backend.precision && tiles.isUsable(.gather, Self.tensors(gather), on: backend.device)
      && 1...gather.geometry.taps * gather.channels ~= splits
      && workspaceByteCount(for: gather) <= backend.maximumAllocationByteCount
  }

  func workspaceByteCount(for gather: ConvolutionGather) -> Int {
    splits > 1 ? splits * gather.output.shape.count * ElementType.float32.byteCount : 0
  }

  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let (input, output) = (gather.input, gather.output)
    let partial = splits > 1 ? workspace : nil
    let target: [KernelArgument] =
      partial.map { [.memory($0), .ulong(0), .ulong(gather.columns)] } ?? [.tensor(output)]
    try launch.add(
      "convolution_tensor_data", in: "convolution_tensor.cl",
      definitions: tiles.definitions(
        .gather, Self.tensors(gather), transposed: gather.readsWeightsTransposed, on: backend.device),
      arguments: [.tensor(input), .int(input.shape.height), .int(input.shape.width), .tensor(gather.weights)]
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
