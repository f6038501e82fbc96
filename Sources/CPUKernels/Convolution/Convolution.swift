import CVectorLoops
import Runtime

/// A convolution algorithm with its tile sizes, planned for one problem. All algorithms give the same result up to
/// rounding.
protocol ConvolutionAlgorithm {
  /// The algorithm's parts of the problem's workspace.
  var workspace: Workspace { get }
  /// Pixels of each part of the result whose moments the algorithm computes together; empty for a filter sum.
  var partCounts: [Int] { get }
  /// Whether a filter sum computes the gradient of the bias as well.
  var computesBiasGradient: Bool { get }
  /// Returns a function that computes the problem's target.
  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void
}

extension ConvolutionAlgorithm {
  var partCounts: [Int] { [] }
  var computesBiasGradient: Bool { false }
}

extension CPUBackend {
  public func plan(_ problem: ConvolutionProblem) -> PlannedOperation {
    plan(problem, by: fastestAlgorithm(for: problem, blas))
  }

  /// Fewer columns or terms than these leave most of a library's tiles empty: with 3 columns, OpenBLAS's kernels for
  /// AVX reach 9 GFLOP/s, and the baseline's loops 24; with 8, both reach 44.
  private static let leastOfLibraryProduct = 8

  /// Returns the loops of few channels, Winograd's algorithm where it is faster, or shifted products.
  /// - Parameter library: the library that multiplies, except in narrow products; nil for the vector loops.
  func fastestAlgorithm(for problem: ConvolutionProblem, _ library: BLAS?) -> any ConvolutionAlgorithm {
    if let few = FewChannelsData(problem, on: pool) { return few }
    if let few = FewChannelsFilter(problem, on: pool) { return few }
    let sizes =
      problem.target == .weights
      ? [problem.outputSide.shape.channels]
      : [problem.result.shape.channels, problem.geometry.taps * problem.source.shape.channels]
    let blas = sizes.contains { $0 < Self.leastOfLibraryProduct } ? nil : library
    if problem.target == .weights {
      if let winograd = WinogradFilter(problem, on: pool, blas) { return winograd }
      return ShiftedFilter(problem, on: pool, blas)
    }
    if let winograd = WinogradData(problem, on: pool, blas) { return winograd }
    return ShiftedData(problem, on: pool, blas)
  }

  func plan(_ problem: ConvolutionProblem, by algorithm: any ConvolutionAlgorithm) -> PlannedOperation {
    var workspace = algorithm.workspace
    let statisticsPlan =
      problem.statistics == nil
      ? nil
      : ConvolutionStatistics.Plan(counts: algorithm.partCounts, channels: problem.map.shape.channels, &workspace)
    let biasPlan =
      problem.target == .weights && problem.bias != nil && !algorithm.computesBiasGradient
      ? BiasGradient.Plan(problem.outputSide.shape, &workspace) : nil
    return PlannedOperation(problem.title, workspace) { [pool] binding throws(BackendError) in
      let statistics: ConvolutionStatistics? =
        if let statisticsPlan, let tensor = problem.statistics {
          try ConvolutionStatistics(statisticsPlan, result: tensor, &binding)
        } else { nil }
      let biasGradient: BiasGradient? =
        if let biasPlan, let bias = problem.bias {
          try BiasGradient(
            biasPlan, of: problem.outputSide, gradient: bias, accumulate: problem.accumulate, &binding)
        } else { nil }
      let sum = try algorithm.bind(statistics: statistics, &binding)
      return {
        sum()
        statistics?.finish()
        biasGradient?.run(on: pool)
      }
    }
  }
}

extension ConvolutionProblem {
  /// Elements of one tap's matrix.
  var matrixCount: Int { image.shape.channels * map.shape.channels }

  /// Every tap, row by row, at its pixel of the image for the map's pixels.
  var taps: [convolution_tap] {
    (0..<geometry.taps).map { tap in
      convolution_tap(
        y: Int32(tap / geometry.kernelWidth - geometry.padding),
        x: Int32(tap % geometry.kernelWidth - geometry.padding),
        weights: tap * matrixCount)
    }
  }

  /// Returns the taps that reach the image's pixels y = q · stride + phase, along each axis: tap i reads the map at
  /// q + (phase + padding − i) / stride, if that is whole.
  func taps(phaseY: Int, phaseX: Int) -> [convolution_tap] {
    let stride = geometry.stride
    let y = phaseY + geometry.padding
    let x = phaseX + geometry.padding
    var taps: [convolution_tap] = []
    for i in 0..<geometry.kernelHeight where (y - i) % stride == 0 {
      for j in 0..<geometry.kernelWidth where (x - j) % stride == 0 {
        taps.append(
          convolution_tap(
            y: Int32((y - i) / stride), x: Int32((x - j) / stride),
            weights: (i * geometry.kernelWidth + j) * matrixCount))
      }
    }
    return taps
  }
}
