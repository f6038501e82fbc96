import CVectorLoops
import Runtime

/// The filter sum by Winograd's algorithm: 3 × 3 with stride 1, 3 × 3 with stride 2 of a transposed convolution, and
/// 4 × 4 with stride 2 of a convolution. `winograd_filter.c` has the loops.
///
/// Tasks are blocks of the gradient, so that threads have nothing to add up; where there are too few, the tiles are
/// summed in parts.
struct WinogradFilter: ConvolutionAlgorithm {
  /// The order of the work.
  enum Order {
    /// Each block transforms its tiles a few at a time, which stay in the second-level cache. For few channels.
    case byBlocks
    /// The tiles of a pass are transformed first, with all channels; then each block multiplies its own. For many
    /// channels, which each block would transform again.
    case byPasses(source: Workspace.Part<Float>, result: Workspace.Part<Float>)
  }

  /// Input channels and output channels of a block.
  private static let block = Int(WINOGRAD_FILTER_BLOCK)
  /// Tiles that a task transforms.
  private static let slice = 8
  /// Fewer tiles in a pass cost more in loads and stores of the sums than their transforms.
  private static let fewestTiles = 64
  /// Bytes of the transformed tiles of a pass, which stay in the last-level cache. Measured on two cores at batch 64,
  /// 128 → 128 channels at 16 × 16: 4.2 ms by blocks, and by passes of 8 MiB 3.9, of 12 MiB 3.6 and of 32 MiB 5.5.
  static let standardPassLimit = 12 << 20

  let workspace: Workspace
  let kind: winograd_kind
  let order: Order
  let parts: PartialSums
  private let scratch: Workspace.WorkerParts
  /// The result's sums over the tiles of each part or slice, `[parts or slices][outputChannels]`; nil without the
  /// gradient of a bias.
  private let resultSums: Workspace.Part<Float>?
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  private let blas: BLAS?

  /// Nil where another algorithm is better.
  /// - Parameters:
  ///   - blas: the library that multiplies; nil for the vector loops.
  ///   - passLimit: bytes of a pass's transformed tiles, if they are not too few.
  init?(
    _ problem: ConvolutionProblem, on pool: ThreadPool, _ blas: BLAS?, passLimit: Int = Self.standardPassLimit
  ) {
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
    let outputBlocks = ceilDivide(outputChannels, Self.block)
    var workspace = Workspace()
    // Each block of the result's channels would transform the source again, and the other way round.
    let isByPasses = inputBlocks > 1 && outputBlocks > 1
    let tileFloats =
      (winograd_filter_source_count(kind, Self.fewestTiles, inputChannels)
        + winograd_filter_result_count(kind, Self.fewestTiles, outputChannels)) / Self.fewestTiles
    let pass = max(Self.fewestTiles, passLimit / (tileFloats * MemoryLayout<Float>.stride))
    // Fewer tiles in a part cost more in transforms and in adding up than they gain.
    parts = PartialSums(
      units: tiles, smallest: Self.fewestTiles, pass: isByPasses ? pass : .max,
      tasks: isByPasses ? 16 : 32, blocks: inputBlocks * outputBlocks,
      elementCount: problem.weights.shape.count, &workspace)
    let sumCount: Int
    if isByPasses {
      let source = winograd_filter_source_count(kind, parts.pass, inputChannels)
      let result = winograd_filter_result_count(kind, parts.pass, outputChannels)
      order = .byPasses(source: workspace.add(source, of: Float.self), result: workspace.add(result, of: Float.self))
      scratch = workspace.add(byteCount: winograd_filter_sums_bytes(kind), perWorkerOf: pool)
      sumCount = parts.passCount * ceilDivide(parts.pass, Self.slice)
    } else {
      order = .byBlocks
      scratch = workspace.add(byteCount: winograd_filter_scratch_bytes(kind), perWorkerOf: pool)
      sumCount = parts.count
    }
    resultSums = problem.bias == nil ? nil : workspace.add(sumCount * outputChannels, of: Float.self)
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
    let resultSums: UnsafeMutablePointer<Float>? =
      if let resultSums { try binding.pointer(to: resultSums) } else { nil }
    switch order {
    case .byBlocks: return try byBlocks(filter, resultSums, &binding)
    case .byPasses(let source, let result):
      return try byPasses(
        filter, source: try binding.pointer(to: source), result: try binding.pointer(to: result), resultSums, &binding)
    }
  }

  private func byBlocks(
    _ filter: UnsafePointer<winograd_filter>, _ resultSums: UnsafeMutablePointer<Float>?, _ binding: inout Binding
  ) throws(BackendError) -> () -> Void {
    let blocks = Blocks(problem)
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    let run = try parts.bind(
      result: try binding.vector(problem.weights), accumulate: problem.accumulate, on: pool, binding
    ) { part, tiles, index, sum, accumulate, worker in
      let (input, output) = blocks[index]
      winograd_filter_run(
        filter, tiles.lowerBound, tiles.upperBound, input.lowerBound, input.upperBound, output.lowerBound,
        output.upperBound, sum, accumulate,
        input.lowerBound == 0 ? resultSums.map { $0 + part * blocks.outputChannels } : nil,
        scratch + worker * scratchStride)
    }
    return try addingBiasGradient(of: resultSums, count: parts.count, to: run, &binding)
  }

  private func byPasses(
    _ filter: UnsafePointer<winograd_filter>, source: UnsafeMutablePointer<Float>,
    result: UnsafeMutablePointer<Float>, _ resultSums: UnsafeMutablePointer<Float>?, _ binding: inout Binding
  ) throws(BackendError) -> () -> Void {
    let (blocks, pool, pass, slice) = (Blocks(problem), pool, parts.pass, Self.slice)
    let (sums, sumsStride) = (try binding.pointer(to: scratch), scratch.stride)
    let slices = ceilDivide(pass, slice)
    let run = try parts.bind(
      result: try binding.vector(problem.weights), accumulate: problem.accumulate, on: pool, binding,
      prepare: { index, tiles in
        pool.run(count: ceilDivide(tiles.count, slice)) { part, _ in
          let first = tiles.lowerBound + part * slice
          winograd_filter_transform(
            filter, first, min(tiles.upperBound, first + slice), tiles.lowerBound, pass, source, result,
            resultSums.map { $0 + (index * slices + part) * blocks.outputChannels })
        }
      }
    ) { _, tiles, index, sum, accumulate, worker in
      let (input, output) = blocks[index]
      winograd_filter_run_transformed(
        filter, source, result, tiles.lowerBound, tiles.upperBound, tiles.lowerBound / pass * pass, pass,
        input.lowerBound, input.upperBound, output.lowerBound, output.upperBound, sum, accumulate,
        sums + worker * sumsStride)
    }
    // All passes but the last have as many slices.
    let last = parts.units - (parts.passCount - 1) * pass
    let count = (parts.passCount - 1) * slices + ceilDivide(last, slice)
    return try addingBiasGradient(of: resultSums, count: count, to: run, &binding)
  }

  /// Returns `run`, and the gradient of the bias after it, if there is one: the sum of `count` parts of `resultSums`.
  private func addingBiasGradient(
    of resultSums: UnsafeMutablePointer<Float>?, count: Int, to run: @escaping () -> Void,
    _ binding: inout Binding
  ) throws(BackendError) -> () -> Void {
    guard let resultSums, let bias = try binding.vector(problem.bias) else { return run }
    let (outputChannels, accumulate) = (problem.outputSide.shape.channels, problem.accumulate)
    return {
      run()
      sum_parts(resultSums, outputChannels, count, outputChannels, bias, accumulate)
    }
  }

  /// The blocks of input channels × output channels, by index.
  private struct Blocks {
    let inputChannels: Int
    let outputChannels: Int

    init(_ problem: ConvolutionProblem) {
      inputChannels = problem.inputSide.shape.channels
      outputChannels = problem.outputSide.shape.channels
    }

    var count: Int { ceilDivide(inputChannels, block) * ceilDivide(outputChannels, block) }

    subscript(index: Int) -> (input: Range<Int>, output: Range<Int>) {
      let (row, column) = index.quotientAndRemainder(dividingBy: ceilDivide(outputChannels, block))
      let (input, output) = (row * block, column * block)
      return (input..<min(inputChannels, input + block), output..<min(outputChannels, output + block))
    }
  }
}
