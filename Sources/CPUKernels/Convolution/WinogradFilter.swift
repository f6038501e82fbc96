import CVectorLoops
import Runtime

/// The filter sum by Winograd's algorithm: 3 × 3 with stride 1, 3 × 3 with stride 2 of a transposed convolution, and
/// 4 × 4 with stride 2 of a convolution. `winograd_filter.c` has the loops.
///
/// A task takes a part of the tiles and a group of input channels to all output channels. It transforms some tiles at a
/// time in memory of its own, as transformed tiles of another thread would come from another core's cache.
struct WinogradFilter: ConvolutionAlgorithm {
  /// Fewer tiles in a part cost more in adding up than they gain.
  private static let fewestTiles = 64
  /// Bytes of all parts' sums: to add up more takes longer than more parts gain.
  private static let partsLimit = 5 << 20
  /// Bytes of a task's transformed tiles: a share of the last-level cache. It does not depend on the threads, as the
  /// rounding would.
  private static let passLimit = 3 << 20

  /// Returns the fewest and the most tiles of a pass, whatever their bytes. The gradient is read and written in each
  /// pass, which takes hardly any time beside the products of a hundred tiles.
  private static func passTiles(_ kind: winograd_kind) -> ClosedRange<Int> {
    winograd_elements(kind) <= 36 ? 64...128 : 32...128
  }

  let workspace: Workspace
  let kind: winograd_kind
  let parts: PartialSums
  /// Tiles that are transformed at a time.
  let pass: Int
  /// Input channels of a group: all, or fewer where there are few parts.
  let groupChannels: Int
  private let scratch: Workspace.WorkerParts
  /// The result's sums over the tiles of each part, `[parts][outputChannels]`; nil without the gradient of a bias.
  private let resultSums: Workspace.Part<Float>?
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  private let blas: BLAS?

  /// Nil where another algorithm is better.
  /// - Parameters:
  ///   - blas: the library that multiplies; nil for the vector loops.
  ///   - passTiles: how many tiles may be transformed at a time; nil for those that are fast.
  init?(
    _ problem: ConvolutionProblem, on pool: ThreadPool, _ blas: BLAS?, passTiles: ClosedRange<Int>? = nil
  ) {
    let (inputChannels, outputChannels) = (problem.inputSide.shape.channels, problem.outputSide.shape.channels)
    guard let kind = winograd_kind(for: problem),
      inputChannels.isMultiple(of: Int(WINOGRAD_CHANNEL_STEP)),
      outputChannels.isMultiple(of: Int(WINOGRAD_CHANNEL_STEP)),
      max(inputChannels, outputChannels) <= Int(WINOGRAD_MOST_CHANNELS)
    else { return nil }
    self.problem = problem
    self.pool = pool
    self.blas = blas
    self.kind = kind
    let tiles = kind.tileCount(problem.map.shape)
    var workspace = Workspace()
    let sums = PartialSums(
      units: tiles, smallest: Self.fewestTiles, blocks: 1, elementCount: problem.weights.shape.count,
      byteLimit: Self.partsLimit, &workspace)
    // Every thread should have work. Each group transforms the result's tiles again; the sums are the same.
    let blocks = ceilDivide(inputChannels, Int(WINOGRAD_FILTER_BLOCK))
    let groups = min(blocks, ceilDivide(2 * pool.workerCount, sums.count))
    groupChannels = min(inputChannels, ceilDivide(blocks, groups) * Int(WINOGRAD_FILTER_BLOCK))
    parts = sums.divided(into: ceilDivide(inputChannels, groupChannels))
    // All channels, as the rounding depends on the size of a pass.
    let tileBytes =
      (winograd_elements(kind) * inputChannels + winograd_sum_elements(kind) * outputChannels)
      * MemoryLayout<Float>.stride
    let passTiles = passTiles ?? Self.passTiles(kind)
    pass = min(parts.size, max(passTiles.lowerBound, min(passTiles.upperBound, Self.passLimit / tileBytes)))
    scratch = workspace.add(
      byteCount: winograd_filter_scratch_bytes(kind, pass, groupChannels, outputChannels), perWorkerOf: pool)
    resultSums = problem.bias == nil ? nil : workspace.add(parts.count * outputChannels, of: Float.self)
    self.workspace = workspace
  }

  var computesBiasGradient: Bool { true }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    let input = try binding.float32(problem.inputSide)
    let output = try binding.float32(problem.outputSide)
    let filter = binding.copy([
      winograd_filter(
        kind: kind, source: winograd_image(input), result: winograd_image(output),
        flipped: problem.weightsInput == .map, sgemm: blas?.sgemm)
    ])
    let (inputChannels, outputChannels) = (input.channels, output.channels)
    let (pass, groupChannels) = (pass, groupChannels)
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    let resultSums: UnsafeMutablePointer<Float>? =
      if let resultSums { try binding.pointer(to: resultSums) } else { nil }
    let run = try parts.bind(
      result: try binding.vector(problem.weights), accumulate: problem.accumulate, on: pool, binding
    ) { part, tiles, group, sum, accumulate, worker in
      let first = group * groupChannels
      winograd_filter_run(
        filter, tiles.lowerBound, tiles.upperBound, pass, first, min(inputChannels, first + groupChannels), sum,
        accumulate, group == 0 ? resultSums.map { $0 + part * outputChannels } : nil, scratch + worker * scratchStride)
    }
    guard let resultSums, let bias = try binding.vector(problem.bias) else { return run }
    let (partCount, accumulate) = (parts.count, problem.accumulate)
    return {
      run()
      sum_parts(resultSums, outputChannels, partCount, outputChannels, bias, accumulate)
    }
  }
}
