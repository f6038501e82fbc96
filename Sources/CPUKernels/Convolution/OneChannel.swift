import CVectorLoops
import Runtime

extension one_channel {
  /// Whether a problem is a 3 × 3 convolution of one channel with stride 1 and padding 1, or its filter sum.
  static func computes(_ problem: ConvolutionProblem) -> Bool {
    problem.geometry == ConvolutionGeometry(kernel: 3, stride: 1, padding: 1) && problem.weightsInput == .image
      && problem.target != .image && problem.image.shape.channels == 1
  }

  /// - Parameter problem: one of those above.
  init(_ problem: ConvolutionProblem, _ binding: inout Binding) throws(BackendError) {
    let image = try binding.float32(problem.image)
    let map = try binding.float32(problem.map)
    let isData = problem.target == .map
    self.init(
      image: image.pointer, image_pixel_stride: image.pixelStride, map: map.pointer, map_pixel_stride: map.pixelStride,
      height: Int32(map.height), width: Int32(map.width), channels: map.channels,
      weights: isData ? try binding.vector(problem.weights) : nil, bias: isData ? try binding.vector(problem.bias) : nil
    )
  }
}

/// The convolution of one channel. `one_channel.c` has the loops.
struct OneChannelData: ConvolutionAlgorithm {
  /// Pixels of a task, at least.
  private static let taskPixels = 2048
  /// Pixels whose moments are computed together, at least.
  private static let partPixels = 128

  let workspace: Workspace
  private let scratch: Workspace.WorkerParts
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  /// Rows of the map over all images.
  private let rows: Int
  private let partRows: Int

  /// Nil for another problem.
  init?(_ problem: ConvolutionProblem, on pool: ThreadPool) {
    guard one_channel.computes(problem), problem.target == .map else { return nil }
    self.problem = problem
    self.pool = pool
    let map = problem.map.shape
    rows = map.batch * map.height
    partRows = ceilDivide(Self.partPixels, map.width)
    var workspace = Workspace()
    scratch = workspace.add(byteCount: one_channel_scratch_bytes(Int32(map.width)), perWorkerOf: pool)
    self.workspace = workspace
  }

  var partCounts: [Int] {
    stride(from: 0, to: rows, by: partRows).map { min(partRows, rows - $0) * problem.map.shape.width }
  }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    let convolution = binding.copy([try one_channel(problem, &binding)])
    let map = try binding.float32(problem.map)
    let (pool, rows, partRows) = (pool, rows, partRows)
    let taskRows = ceilDivide(Self.taskPixels, map.width * partRows) * partRows
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    let moments = statistics?.moments
    return {
      pool.run(count: ceilDivide(rows, taskRows)) { task, worker in
        let end = min(rows, (task + 1) * taskRows)
        for first in stride(from: task * taskRows, to: end, by: partRows) {
          let last = min(end, first + partRows)
          one_channel_data_run(convolution, first, last, scratch + worker * scratchStride)
          guard let moments else { continue }
          let place = first / partRows * map.channels
          // While the pixels are in the cache.
          vector_batch_normalization_pixel_moments(
            vector_moments(mean: moments.mean + place, squares: moments.squares + place),
            map.pixels(from: first * map.width),
            vector_size(rows: (last - first) * map.width, columns: map.channels))
        }
      }
    }
  }
}

/// The filter sum of one channel.
struct OneChannelFilter: ConvolutionAlgorithm {
  let workspace: Workspace
  private let scratch: Workspace.WorkerParts
  private let parts: PartialSums
  private let problem: ConvolutionProblem
  private let pool: ThreadPool

  /// Nil for another problem.
  init?(_ problem: ConvolutionProblem, on pool: ThreadPool) {
    guard one_channel.computes(problem), problem.target == .weights else { return nil }
    self.problem = problem
    self.pool = pool
    let map = problem.map.shape
    var workspace = Workspace()
    scratch = workspace.add(byteCount: one_channel_scratch_bytes(Int32(map.width)), perWorkerOf: pool)
    parts = PartialSums(
      units: map.batch * map.height, smallest: ceilDivide(512, map.width), blocks: 1,
      elementCount: problem.weights.shape.count, &workspace)
    self.workspace = workspace
  }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    let convolution = binding.copy([try one_channel(problem, &binding)])
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    return try parts.bind(
      result: try binding.vector(problem.weights), accumulate: problem.accumulate, on: pool, binding
    ) { _, rows, _, sum, accumulate, worker in
      one_channel_filter_run(
        convolution, rows.lowerBound, rows.upperBound, sum, accumulate, scratch + worker * scratchStride)
    }
  }
}
