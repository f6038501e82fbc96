import Runtime

/// convolution.cl: an implicit matrix product, tiled into local memory and registers.
struct TiledData: DataProduct {
  var tiles: ConvolutionTiles
  var splits: Int
  var positionMajor: Bool

  /// Parameters that are good on many GPUs, with these tiles.
  init(for problem: ConvolutionProblem, tiles: ConvolutionTiles = ConvolutionTiles()) {
    self.tiles = tiles
    let groups = problem.groups(tiles)
    let wanted = ceilDivide(ConvolutionTiles.wantedGroups, groups.m * groups.n * problem.phases * problem.phases)
    splits = max(1, min(wanted, problem.phaseTerms / 64, 32))
    positionMajor = problem.isBestPositionMajor
  }

  var kind: AlgorithmKind { .tiled }
  var description: String { "tiled \(tiles)" + splitsDescription }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    tiles.fit(on: backend.device, vectorWidth: problem.vectorWidth) && 1...problem.k ~= splits
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    try addProducts(
      problem, "convolution_data", in: "convolution.cl",
      tiles.definitions(vectorWidth: problem.vectorWidth, moments: momentsBlock(of: problem) != nil),
      weights: [.tensor(problem.weights), .int(problem.readsWeightsTransposed ? 1 : 0)], to: launch,
      workspace: workspace)
  }
}
