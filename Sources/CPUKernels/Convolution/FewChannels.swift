import CVectorLoops
import Runtime

extension few_channels {
  /// Returns whether there are loops for the problem: 3 × 3 with stride 1 of one channel, or 4 × 4 with stride 2 of
  /// three or four, with padding 1.
  fileprivate static func computes(_ problem: ConvolutionProblem) -> Bool {
    let geometry = problem.geometry
    return geometry.kernelHeight == geometry.kernelWidth && geometry.padding == 1 && problem.weightsInput == .image
      && few_channels_computes(
        Int32(geometry.kernelHeight), Int32(geometry.stride), problem.image.shape.channels)
  }

  /// Returns bytes of scratch memory for a call.
  fileprivate static func scratchBytes(_ problem: ConvolutionProblem) -> Int {
    few_channels_scratch_bytes(
      problem.image.shape.channels, problem.map.shape.channels, Int32(problem.map.shape.width))
  }

  /// - Parameter problem: one that `computes` accepts.
  fileprivate init(_ problem: ConvolutionProblem, _ binding: inout Binding) throws(BackendError) {
    let image = try binding.float32(problem.image)
    let map = try binding.float32(problem.map)
    let isFilterSum = problem.target == .weights
    self.init(
      image: image.pointer, image_pixel_stride: image.pixelStride, image_height: Int32(image.height),
      image_width: Int32(image.width), image_channels: image.channels, map: map.pointer,
      map_pixel_stride: map.pixelStride, map_height: Int32(map.height), map_width: Int32(map.width),
      map_channels: map.channels, weights: isFilterSum ? nil : try binding.vector(problem.weights),
      bias: isFilterSum ? nil : try binding.vector(problem.bias))
  }
}

/// The data sum of a convolution whose image has few channels. `few_channels.c` has the loops.
struct FewChannelsData: ConvolutionAlgorithm {
  /// Pixels of a task, at least.
  private static let taskPixels = 2048
  /// Pixels whose moments are computed together, at least.
  private static let partPixels = 128

  let workspace: Workspace
  private let scratch: Workspace.WorkerParts
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  /// Rows of the result over all images.
  private let rows: Int
  private let partRows: Int

  /// Nil where `few_channels` has no loops for the problem.
  init?(_ problem: ConvolutionProblem, on pool: ThreadPool) {
    guard few_channels.computes(problem), problem.target != .weights else { return nil }
    // The loops onto the image have neither a bias nor the kernel of the first layer, whose gradient no model needs.
    guard problem.target == .map || (problem.bias == nil && problem.geometry.kernelHeight == 4) else { return nil }
    self.problem = problem
    self.pool = pool
    let result = problem.result.shape
    rows = result.batch * result.height
    partRows = ceilDivide(Self.partPixels, result.width)
    var workspace = Workspace()
    scratch = workspace.add(byteCount: few_channels.scratchBytes(problem), perWorkerOf: pool)
    self.workspace = workspace
  }

  var partCounts: [Int] {
    stride(from: 0, to: rows, by: partRows).map { min(partRows, rows - $0) * problem.result.shape.width }
  }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    let convolution = binding.copy([try few_channels(problem, &binding)])
    let result = try binding.float32(problem.result)
    let (pool, rows, partRows) = (pool, rows, partRows)
    let taskRows = ceilDivide(Self.taskPixels, result.width * partRows) * partRows
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    guard problem.target == .map else {
      return {
        pool.run(count: ceilDivide(rows, taskRows)) { task, worker in
          few_channels_image_run(
            convolution, task * taskRows, min(rows, (task + 1) * taskRows), scratch + worker * scratchStride)
        }
      }
    }
    let moments = statistics?.moments
    return {
      pool.run(count: ceilDivide(rows, taskRows)) { task, worker in
        let end = min(rows, (task + 1) * taskRows)
        for first in stride(from: task * taskRows, to: end, by: partRows) {
          let last = min(end, first + partRows)
          few_channels_map_run(convolution, first, last, scratch + worker * scratchStride)
          guard let moments else { continue }
          let place = first / partRows * result.channels
          // While the pixels are in the cache.
          vector_batch_normalization_pixel_moments(
            vector_moments(mean: moments.mean + place, squares: moments.squares + place),
            result.pixels(from: first * result.width),
            vector_size(rows: (last - first) * result.width, columns: result.channels))
        }
      }
    }
  }
}

/// The filter sum of a convolution whose image has few channels.
struct FewChannelsFilter: ConvolutionAlgorithm {
  /// Pixels of the map of a part, at least.
  private static let partPixels = 512

  let workspace: Workspace
  private let scratch: Workspace.WorkerParts
  private let parts: PartialSums
  private let problem: ConvolutionProblem
  private let pool: ThreadPool

  /// Nil where `few_channels` has no loops for the problem.
  init?(_ problem: ConvolutionProblem, on pool: ThreadPool) {
    guard few_channels.computes(problem), problem.target == .weights else { return nil }
    self.problem = problem
    self.pool = pool
    let map = problem.map.shape
    var workspace = Workspace()
    scratch = workspace.add(byteCount: few_channels.scratchBytes(problem), perWorkerOf: pool)
    parts = PartialSums(
      units: map.batch * map.height, smallest: ceilDivide(Self.partPixels, map.width), blocks: 1,
      elementCount: problem.weights.shape.count, &workspace)
    self.workspace = workspace
  }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    let convolution = binding.copy([try few_channels(problem, &binding)])
    let (scratch, scratchStride) = (try binding.pointer(to: scratch), scratch.stride)
    return try parts.bind(
      result: try binding.vector(problem.weights), accumulate: problem.accumulate, on: pool, binding
    ) { _, rows, _, sum, accumulate, worker in
      few_channels_filter_run(
        convolution, rows.lowerBound, rows.upperBound, sum, accumulate, scratch + worker * scratchStride)
    }
  }
}
