import CVectorLoops
import Runtime

/// The filter sum by Winograd's algorithm: 3 × 3 with stride 1, 3 × 3 with stride 2 of a transposed convolution, and
/// 4 × 4 with stride 2 of a convolution. `winograd_filter.c` has the loops.
///
/// Tasks are blocks of the gradient, so that threads have nothing to add up; where there are too few, the tiles are
/// summed in parts.
struct WinogradFilter: ConvolutionAlgorithm {
  /// Input channels and output channels of a block.
  private static let block = Int(WINOGRAD_FILTER_BLOCK)

  let workspace: Workspace
  let kind: winograd_kind
  let parts: PartialSums
  private let scratch: Workspace.WorkerParts
  /// The result's sums over the tiles of each part, `[parts][outputChannels]`; nil without the gradient of a bias.
  private let resultSums: Workspace.Part<Float>?
  private let outputBlocks: Int
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  private let blas: BLAS?

  /// Nil where another algorithm is better.
  /// - Parameter blas: the library that multiplies; nil for the vector loops.
  init?(_ problem: ConvolutionProblem, on pool: ThreadPool, _ blas: BLAS?) {
    let (inputChannels, outputChannels) = (problem.inputSide.shape.channels, problem.outputSide.shape.channels)
    guard let kind = winograd_kind(for: problem),
      inputChannels.isMultiple(of: Int(WINOGRAD_CHANNEL_STEP)),
      outputChannels.isMultiple(of: Int(WINOGRAD_CHANNEL_STEP)), inputChannels <= Int(WINOGRAD_MOST_CHANNELS)
    else { return nil }
    self.problem = problem
    self.pool = pool
    self.blas = blas
    self.kind = kind
    let tiles = kind.tileCount(problem.map.shape)
    let inputBlocks = ceilDivide(inputChannels, Self.block)
    outputBlocks = ceilDivide(outputChannels, Self.block)
    var workspace = Workspace()
    scratch = workspace.add(byteCount: winograd_filter_scratch_bytes(kind), perWorkerOf: pool)
    // Fewer tiles in a part cost more in transforms and in adding up than they gain.
    parts = PartialSums(
      units: tiles, smallest: 64, blocks: inputBlocks * outputBlocks, elementCount: problem.weights.shape.count,
      &workspace)
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
    let (outputBlocks, block) = (outputBlocks, Self.block)
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    let resultSums: UnsafeMutablePointer<Float>? =
      if let resultSums { try binding.pointer(to: resultSums) } else { nil }
    let run = try parts.bind(
      result: try binding.vector(problem.weights), accumulate: problem.accumulate, on: pool, binding
    ) { part, tiles, index, sum, accumulate, worker in
      let input = index / outputBlocks * block
      let output = index % outputBlocks * block
      winograd_filter_run(
        filter, tiles.lowerBound, tiles.upperBound, input, min(inputChannels, input + block), output,
        min(outputChannels, output + block), sum, accumulate,
        input == 0 ? resultSums.map { $0 + part * outputChannels } : nil, scratch + worker * scratchStride)
    }
    guard let resultSums, let bias = try binding.vector(problem.bias) else { return run }
    let (partCount, accumulate) = (parts.count, problem.accumulate)
    return {
      run()
      sum_parts(resultSums, outputChannels, partCount, outputChannels, bias, accumulate)
    }
  }
}
