import Runtime

/// The sizes of convolution.cl: an implicit matrix product, tiled into local memory and registers.
public struct TiledGather: Codable, Hashable, Sendable {
  public var tiles = ConvolutionTiles()
  /// Parts that the terms of the sum are split into where the output alone has too few tiles to fill a GPU.
  public var splits: Int
  /// Whether rows are ordered position by position, the images of the batch innermost.
  public var positionMajor: Bool

  /// What is good on many GPUs.
  init(for gather: ConvolutionGather) {
    let grids = gather.phases * gather.phases
    let groups = ceilDivide(gather.rows, tiles.rows) * ceilDivide(gather.columns, tiles.columns) * grids
    let terms = ceilDivide(gather.geometry.taps, grids) * gather.channels
    splits = max(1, min(ceilDivide(ConvolutionTiles.wantedGroups, groups), terms / 64, 32))
    positionMajor = gather.isBestPositionMajor
  }
}

extension TiledGather: GatherImplementation {
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
      "convolution_gather", in: "convolution.cl", definitions: tiles.definitions(input, weights, output),
      arguments: [.tensor(input), .int(input.shape.height), .int(input.shape.width)]
        + [.tensor(weights), .int(gather.readsWeightsTransposed ? 1 : 0)]
        + (try gather.biasArguments(partial == nil ? gather.bias : nil, backend))
        + target + gather.extents(positionMajor: positionMajor) + [.int(splits)],
      over: CLRange(
        groups: (
          ceilDivide(gather.rows, tiles.rows), ceilDivide(gather.columns, tiles.columns),
          gather.phases * gather.phases * splits
        ), local: tiles.group))
    guard let partial else { return }
    let pixels = output.shape.pixelCount
    try launch.add(
      "convolution_reduce", in: "convolution_reduce.cl",
      arguments: [.memory(partial), .int(splits)] + (try gather.biasArguments(gather.bias, backend))
        + [.tensor(output), .ulong(pixels), .ulong(gather.columns), .int(0)],
      over: backend.rows(channels: gather.columns, pixels: pixels))
  }
}
