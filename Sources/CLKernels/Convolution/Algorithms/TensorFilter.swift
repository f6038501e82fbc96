import Runtime

/// convolution_tensor_filter.cl: an implicit matrix product on tensor cores.
struct TensorFilter: FilterProduct {
  var tiles: TensorTiles
  var splits: Int

  /// Parameters that are good on NVIDIA's GPUs, as far as is known without measuring, with these tiles.
  init(for problem: ConvolutionProblem, tiles: TensorTiles) {
    self.tiles = tiles
    let groups = problem.groups(tiles)
    let wanted = ceilDivide(TensorTiles.wantedGroups, groups.m * groups.n)
    splits = max(1, min(wanted, problem.k / TensorTiles.leastTerms))
  }

  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {
    // The sum over pixels is split anyway, so that rows need not make up for groups.
    self.init(
      for: problem, tiles: .best(precision, for: problem, rows: problem.m * TensorTiles.wantedGroups))
    guard tiles.fit(problem.target, on: backend.device, vectorWidth: problem.vectorWidth) else { return nil }
  }

  var description: String { "\(tiles)" + splitsDescription }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    tiles.precision == backend.precision
      && tiles.fit(problem.target, on: backend.device, vectorWidth: problem.vectorWidth)
      && 1...problem.k ~= splits
  }

  func addParts(
    _ problem: ConvolutionProblem, into target: [KernelArgument], accumulate: KernelArgument, to launch: CLLaunch
  ) throws(BackendError) {
    try addProduct(
      problem, "convolution_tensor_filter", in: "convolution_tensor_filter.cl",
      tiles.definitions(
        problem.target, transposed: false, on: launch.backend.device, vectorWidth: problem.vectorWidth),
      into: target, accumulate: accumulate, to: launch)
  }
}
