import CVectorLoops
import Runtime

/// A convolution algorithm with its tile sizes, planned for one problem. All algorithms give the same result up to
/// rounding.
protocol ConvolutionAlgorithm {
  /// The algorithm's parts of the problem's workspace.
  var workspace: Workspace { get }
  /// Pixels of each part of the result whose moments the algorithm computes together; empty for a filter sum.
  var partCounts: [Int] { get }
  /// Returns a function that computes the problem's target, without the gradient of a bias.
  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void
}

extension CPUBackend {
  public func plan(_ problem: ConvolutionProblem) -> PlannedOperation {
    plan(problem, by: fastestAlgorithm(for: problem))
  }

  /// Returns Winograd's algorithm where it is faster, else shifted products.
  func fastestAlgorithm(for problem: ConvolutionProblem) -> any ConvolutionAlgorithm {
    if problem.target == .weights {
      if let winograd = WinogradFilter(problem, on: pool) { return winograd }
      return ShiftedFilter(problem, on: pool)
    }
    if let winograd = WinogradData(problem, on: pool) { return winograd }
    return ShiftedData(problem, on: pool)
  }

  func plan(_ problem: ConvolutionProblem, by algorithm: any ConvolutionAlgorithm) -> PlannedOperation {
    var workspace = algorithm.workspace
    let statisticsPlan =
      problem.statistics == nil
      ? nil
      : ConvolutionStatistics.Plan(counts: algorithm.partCounts, channels: problem.map.shape.channels, &workspace)
    let biasPlan =
      problem.target == .weights && problem.bias != nil ? BiasGradient.Plan(problem.outputSide.shape, &workspace) : nil
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

/// A sum over pixels or tiles in parts that depend on the shape alone and are added in order, so that the bits do not
/// depend on the threads.
struct PartialSums {
  /// Parts in all.
  let count: Int
  /// Pixels or tiles of each part but the last.
  let size: Int
  /// Elements of the result.
  private let elementCount: Int
  /// `[count][elementCount]`; nil for one part, which is the result.
  private let parts: Workspace.Part<Float>?

  private static let wantedTasks = 32
  private static let byteLimit = 16 << 20

  /// - Parameters:
  ///   - units: pixels or tiles in all.
  ///   - smallest: fewer units in a part cost more to add up than they gain.
  ///   - blocks: tasks that each part is divided into.
  ///   - elementCount: elements of the result.
  init(units: Int, smallest: Int, blocks: Int, elementCount: Int, _ workspace: inout Workspace) {
    let byteCount = elementCount * MemoryLayout<Float>.stride
    let wanted = max(1, min(Self.wantedTasks / blocks, units / smallest, Self.byteLimit / byteCount))
    size = (units + wanted - 1) / wanted
    count = (units + size - 1) / size
    self.elementCount = elementCount
    parts = count > 1 ? workspace.add(count * elementCount, of: Float.self) : nil
  }

  /// Returns a function that calls `body` for each part and block on `pool`, with the memory for the part's sum and
  /// whether to add to it, and then adds the parts up.
  func bind(
    units: Int, blocks: Int, result: UnsafeMutablePointer<Float>, accumulate: Bool, on pool: ThreadPool,
    _ binding: Binding,
    _ body:
      @escaping (
        _ units: Range<Int>, _ block: Int, _ sum: UnsafeMutablePointer<Float>, _ accumulate: Bool, _ worker: Int
      ) -> Void
  ) throws(BackendError) -> () -> Void {
    let (count, size, elementCount) = (count, size, elementCount)
    guard let parts else {
      return {
        pool.run(count: blocks) { block, worker in body(0..<units, block, result, accumulate, worker) }
      }
    }
    let sums = try binding.pointer(to: parts)
    return {
      pool.run(count: blocks * count) { index, worker in
        let (part, block) = index.quotientAndRemainder(dividingBy: blocks)
        body(
          part * size..<min(units, (part + 1) * size), block, sums + part * elementCount, false, worker)
      }
      let slice = 4096
      pool.run(count: (elementCount + slice - 1) / slice) { index, _ in
        let first = index * slice
        sum_parts(
          sums + first, elementCount, count, min(slice, elementCount - first), result + first, accumulate)
      }
    }
  }
}
