import CVectorLoops
import Runtime

/// The filter sum as products of shifted images: for each tap, the pixels of the weights' input side, transposed, times
/// those of the output side. `shifted_filter.c` has the loops.
struct ShiftedFilter: ConvolutionAlgorithm {
  let workspace: Workspace
  private let scratch: Workspace.WorkerParts
  private let parts: PartialSums
  /// Input channels of one task.
  private let blockChannels: Int
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  private let blas: BLAS?

  /// - Parameter blas: the library that multiplies; nil for the vector loops.
  init(_ problem: ConvolutionProblem, on pool: ThreadPool, _ blas: BLAS?) {
    self.problem = problem
    self.pool = pool
    self.blas = blas
    let channels = problem.inputSide.shape.channels
    blockChannels = channels <= Int(SHIFTED_FILTER_CHANNELS) ? channels : 64
    // Tasks that share the channels among them.
    let blocks = ceilDivide(channels, blockChannels)
    var workspace = Workspace()
    scratch = workspace.add(byteCount: shifted_filter_scratch_bytes(blas != nil), perWorkerOf: pool)
    parts = PartialSums(
      units: problem.map.shape.pixelCount, smallest: 512, blocks: blocks, elementCount: problem.weights.shape.count,
      &workspace)
    self.workspace = workspace
  }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    func side(_ tensor: HostTensor<Float>, step: Int, shifted: Bool) -> convolution_side {
      convolution_side(
        pixels: tensor.pointer, pixel_stride: tensor.pixelStride, height: Int32(tensor.height),
        width: Int32(tensor.width), channels: tensor.channels, step: Int32(step), shifted: shifted)
    }
    let image = side(try binding.float32(problem.image), step: problem.geometry.stride, shifted: true)
    let map = side(try binding.float32(problem.map), step: 1, shifted: false)
    let inputIsImage = problem.weightsInput == .image
    let taps = problem.taps
    let filter = binding.copy([
      shifted_filter(
        input: inputIsImage ? image : map, output: inputIsImage ? map : image, height: map.height, width: map.width,
        taps: binding.copy(taps), tap_count: taps.count, sgemm: blas?.sgemm)
    ])
    let (channels, blockChannels) = (problem.inputSide.shape.channels, blockChannels)
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    return try parts.bind(
      result: try binding.vector(problem.weights), accumulate: problem.accumulate, on: pool, binding
    ) { _, positions, block, sum, accumulate, worker in
      let first = block * blockChannels
      shifted_filter_run(
        filter, positions.lowerBound, positions.upperBound, first, min(channels, first + blockChannels), sum,
        accumulate, scratch + worker * scratchStride)
    }
  }
}
