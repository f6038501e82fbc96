import Runtime

/// convolution_tensor.cl: an implicit matrix product on tensor cores.
struct TensorData: DataProduct {
  var tiles: TensorTiles
  var splits: Int
  var positionMajor: Bool

  /// Parameters that are good on NVIDIA's GPUs, as far as is known without measuring, with these tiles.
  init(for problem: ConvolutionProblem, tiles: TensorTiles) {
    self.tiles = tiles
    let groups = problem.groups(tiles)
    let wanted = TensorTiles.wantedGroups / (groups.m * groups.n * problem.phases * problem.phases)
    splits = max(1, min(wanted, problem.phaseTerms / TensorTiles.leastTerms, 32))
    positionMajor = problem.isBestPositionMajor
  }

  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {
    let rows = problem.m * problem.phases * problem.phases
    self.init(for: problem, tiles: .best(precision, for: problem, rows: rows))
    guard tiles.fit(problem.target, on: backend.device, vectorWidth: problem.vectorWidth) else { return nil }
  }

  var description: String { "\(tiles)" + splitsDescription }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    tiles.precision == backend.precision
      && tiles.fit(problem.target, on: backend.device, vectorWidth: problem.vectorWidth)
      && 1...problem.k ~= splits
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    try addProducts(
      problem, "convolution_tensor_data", in: "convolution_tensor.cl",
      tiles.definitions(
        problem.target, transposed: problem.readsWeightsTransposed, moments: momentsBlock(of: problem) != nil,
        on: launch.backend.device, vectorWidth: problem.vectorWidth),
      weights: [.tensor(problem.weights)], to: launch, workspace: workspace)
  }
}
