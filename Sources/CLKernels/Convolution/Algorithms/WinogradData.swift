import Runtime

/// convolution_winograd.cl: Winograd's algorithm for GPUs, by kernels for the transforms of the tensors, and 36 tiled
/// matrix products between them.
struct WinogradData: TiledAlgorithm {
  /// Tiles of the products.
  var tiles: ConvolutionTiles
  /// Tiles of 4 × 4 pixels that go through the transforms at a time, and should stay in a cache.
  var passTiles: Int

  /// Parameters that are good on many GPUs, with these tiles of the products; nil where Winograd's algorithm is
  /// impossible.
  init?(for problem: ConvolutionProblem, tiles: ConvolutionTiles = ConvolutionTiles()) {
    guard Winograd.fits(problem) else { return nil }
    self.tiles = tiles
    passTiles = Winograd.passTiles(problem, multipleOf: tiles.rows)
  }

  var kind: AlgorithmKind { .winograd }
  var accuracy: AlgorithmAccuracy { .winograd }
  var neighbours: [WinogradData] { varying(\.tiles, tiles.neighbours) + scaling(\.passTiles) }
  var description: String { "winograd \(tiles), \(passTiles) at a time" }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    Winograd.fits(problem) && 1...Winograd.mostPassTiles ~= passTiles
      && tiles.fit(on: backend.device, vectorWidth: Winograd.vectorWidth(problem))
  }

  private func passCount(_ problem: ConvolutionProblem) -> Int {
    min(passTiles, Winograd.tiles(of: problem.result.shape))
  }

  /// Floats of the transformed weights, and of a pass's transformed source and sums, which follow each other in the
  /// workspace.
  private func counts(_ problem: ConvolutionProblem) -> (weights: Int, source: Int, sums: Int) {
    let (pass, channels) = (passCount(problem), problem.source.shape.channels)
    return (
      Winograd.transformedCount * channels * problem.n, Winograd.transformedCount * pass * channels,
      Winograd.transformedCount * pass * problem.n
    )
  }

  func workspaceByteCount(for problem: ConvolutionProblem) -> Int {
    let (weights, source, sums) = counts(problem)
    return (weights + source + sums) * ElementType.float32.byteCount
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    guard let workspace else { return }
    let (result, channels, backend) = (problem.result, problem.source.shape.channels, launch.backend)
    let counts = counts(problem)
    let (sourceStart, sumsStart) = (counts.weights, counts.weights + counts.source)
    let file = "convolution_winograd.cl"
    let definitions = tiles.definitions(vectorWidth: Winograd.vectorWidth(problem))
    try launch.add(
      "convolution_winograd_weights", in: file, definitions: definitions,
      arguments: [
        .tensor(problem.weights), .int(problem.readsWeightsTransposed ? 1 : 0), .int(problem.target == .image ? 1 : 0),
        .int(channels), .int(problem.n), .memory(workspace), .ulong(0),
      ], over: backend.rows(channels: problem.n, pixels: channels))
    let all = Winograd.tiles(of: result.shape)
    let pass = passCount(problem)
    for first in stride(from: 0, to: all, by: pass) {
      let count = min(pass, all - first)
      try Winograd.addInputTransform(
        problem.source, first: first, count: count, definitions, into: workspace, at: sourceStart, to: launch)
      try launch.add(
        "convolution_winograd_product", in: file, definitions: definitions,
        arguments: [
          .memory(workspace), .ulong(sourceStart), .memory(workspace), .ulong(0), .memory(workspace),
          .ulong(sumsStart), .int(count), .int(channels), .int(problem.n),
        ],
        over: CLRange(
          groups: (
            ceilDivide(count, tiles.rows), ceilDivide(problem.n, tiles.columns), Winograd.transformedCount
          ), local: tiles.group))
      try launch.add(
        "convolution_winograd_output", in: file, definitions: definitions,
        arguments: [.memory(workspace), .ulong(sumsStart)] + problem.biasArguments + [
          .tensor(result), .int(result.shape.height), .int(result.shape.width), .int(problem.n), .int(first),
          .int(count),
        ], over: backend.rows(channels: problem.n, pixels: count))
    }
  }
}
