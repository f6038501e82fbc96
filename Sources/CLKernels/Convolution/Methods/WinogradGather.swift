import Runtime

/// The sizes of convolution_winograd.cl: minimal filtering of 3 × 3 kernels for GPUs, by kernels that bring the tensors to their
/// points and back, and 36 tiled matrix products between them.
public struct WinogradGather: Codable, Hashable, Sendable {
  public var tiles: ConvolutionTiles
  /// Tiles of 4 × 4 pixels from the input to the output at a time: their points and sums should stay in a cache.
  public var passTiles: Int

  /// What is good on many GPUs, with these tiles of the products; nil for other kernels than 3 × 3 with a stride and a padding
  /// of 1.
  init?(for gather: ConvolutionGather, tiles: ConvolutionTiles = ConvolutionTiles()) {
    guard Winograd.fits(gather.geometry) else { return nil }
    self.tiles = tiles
    passTiles = Winograd.passTiles(channels: gather.channels + gather.columns, multipleOf: tiles.rows)
  }

  private func passCount(_ gather: ConvolutionGather) -> Int { min(passTiles, Winograd.tiles(of: gather.output.shape)) }

  /// Floats of the weights' points, and of a pass's points and sums, which follow each other in the workspace.
  private func counts(_ gather: ConvolutionGather) -> (weights: Int, source: Int, sums: Int) {
    let pass = passCount(gather)
    return (
      Winograd.points * gather.channels * gather.columns, Winograd.points * pass * gather.channels,
      Winograd.points * pass * gather.columns
    )
  }
}

extension WinogradGather: GatherImplementation {
  var accuracy: MethodAccuracy { .winograd }

  static func candidates(for gather: ConvolutionGather) -> [WinogradGather] {
    ConvolutionTiles.candidates.compactMap { WinogradGather(for: gather, tiles: $0) }
  }

  var neighbours: [WinogradGather] {
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
    return all
  }

  public var description: String { "winograd \(tiles), \(passTiles) at a time" }

  func isUsable(for gather: ConvolutionGather, on backend: CLBackend) -> Bool {
    Winograd.fits(gather.geometry) && 1...Winograd.mostPassTiles ~= passTiles
      && tiles.isUsable([gather.input, gather.output], on: backend.device)
      && workspaceByteCount(for: gather) <= backend.maximumAllocationByteCount
  }

  func workspaceByteCount(for gather: ConvolutionGather) -> Int {
    let (weights, source, sums) = counts(gather)
    return (weights + source + sums) * ElementType.float32.byteCount
  }

  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    guard let workspace else { return }
    let (output, channels, columns) = (gather.output, gather.channels, gather.columns)
    let counts = counts(gather)
    let (sourceStart, sumsStart) = (counts.weights, counts.weights + counts.source)
    let file = "convolution_winograd.cl"
    let definitions = tiles.definitions([gather.input, output])
    try launch.add(
      "convolution_winograd_weights", in: file, definitions: definitions,
      arguments: [
        .tensor(gather.weights), .int(gather.readsWeightsTransposed ? 1 : 0), .int(gather.direction == .up ? 1 : 0),
        .int(channels), .int(columns), .memory(workspace), .ulong(0),
      ], over: backend.rows(channels: columns, pixels: channels))
    let all = Winograd.tiles(of: output.shape)
    let pass = passCount(gather)
    for first in stride(from: 0, to: all, by: pass) {
      let count = min(pass, all - first)
      try Winograd.addSource(
        gather.input, first: first, count: count, definitions, into: workspace, at: sourceStart, to: launch, on: backend
      )
      try launch.add(
        "convolution_winograd_product", in: file, definitions: definitions,
        arguments: [
          .memory(workspace), .ulong(sourceStart), .memory(workspace), .ulong(0), .memory(workspace),
          .ulong(sumsStart), .int(count), .int(channels), .int(columns),
        ],
        over: CLRange(
          groups: (ceilDivide(count, tiles.rows), ceilDivide(columns, tiles.columns), Winograd.points),
          local: tiles.group))
      try launch.add(
        "convolution_winograd_output", in: file, definitions: definitions,
        arguments: [.memory(workspace), .ulong(sumsStart)] + (try gather.biasArguments(gather.bias, backend)) + [
          .tensor(output), .int(output.shape.height), .int(output.shape.width), .int(columns), .int(first),
          .int(count),
        ], over: backend.rows(channels: columns, pixels: count))
    }
  }
}
