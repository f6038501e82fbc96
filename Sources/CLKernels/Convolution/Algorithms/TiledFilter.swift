import Runtime

/// convolution_filter.cl: an implicit matrix product, tiled into local memory and registers.
struct TiledFilter: FilterProduct {
  var tiles: ConvolutionTiles
  var splits: Int

  /// Parameters that are good on many GPUs, with these tiles.
  init(for problem: ConvolutionProblem, tiles: ConvolutionTiles = ConvolutionTiles()) {
    self.tiles = tiles
    let groups = problem.groups(tiles)
    splits = max(1, min(ceilDivide(ConvolutionTiles.wantedGroups, groups.m * groups.n), problem.k / 64))
  }

  var kind: AlgorithmKind { .tiled }
  var description: String { "tiled \(tiles)" + splitsDescription }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    tiles.fit(on: backend.device, vectorWidth: problem.vectorWidth) && 1...problem.k ~= splits
  }

  func addParts(
    _ problem: ConvolutionProblem, into target: [KernelArgument], accumulate: KernelArgument, to launch: CLLaunch
  ) throws(BackendError) {
    try addProduct(
      problem, "convolution_filter", in: "convolution_filter.cl",
      tiles.definitions(vectorWidth: problem.vectorWidth), into: target, accumulate: accumulate, to: launch)
  }
}
