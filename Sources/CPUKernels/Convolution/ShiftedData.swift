import CVectorLoops
import Runtime

/// The data sum as products of shifted images: any kernel, stride and padding. The vector loops need no im2col, a
/// library gets tiles of it. `shifted_data.c` has the loops.
///
/// A sum onto the image is split into the sub-pixel phases of the stride, so that a tap is never multiplied with a zero
/// that the stride puts between two pixels.
struct ShiftedData: ConvolutionAlgorithm {
  /// Positions of one task where there is enough to do; `shifted_data_run` works in blocks of as many.
  private static let blockPositions = 512
  /// Fewer positions make packing the weights cost more than 5 % of the products.
  private static let smallestBlock = 128
  /// Tasks per thread, so that none waits long for the last.
  private static let tasksPerThread = 4

  let workspace: Workspace
  private let scratch: Workspace.WorkerParts
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  private let blas: BLAS?

  /// - Parameter blas: the library that multiplies; nil for the vector loops.
  init(_ problem: ConvolutionProblem, on pool: ThreadPool, _ blas: BLAS?) {
    self.problem = problem
    self.pool = pool
    self.blas = blas
    var workspace = Workspace()
    scratch = workspace.add(byteCount: shifted_data_scratch_bytes(blas != nil), perWorkerOf: pool)
    self.workspace = workspace
  }

  var partCounts: [Int] {
    let size = Int(SHIFTED_PART_POSITIONS)
    let positions = problem.map.shape.pixelCount
    return stride(from: 0, to: positions, by: size).map { min(size, positions - $0) }
  }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    let phases = try makePhases(statistics, &binding)
    let tasks = tasks(phases, batch: problem.image.shape.batch, channels: problem.result.shape.channels)
    let taskCount = tasks.count
    let (phasePointer, taskPointer) = (binding.copy(phases), binding.copy(tasks))
    let (pool, scratch, scratchStride) = (pool, try binding.pointer(to: scratch), scratch.stride)
    return {
      pool.run(count: taskCount) { index, worker in
        let task = taskPointer[index]
        for phase in task.phases {
          shifted_data_run(
            phasePointer + phase, task.positions.lowerBound, task.positions.upperBound, task.channels.lowerBound,
            task.channels.upperBound, scratch + worker * scratchStride)
        }
      }
    }
  }

  /// Returns the phases of the result: one of a map, and stride · stride of an image.
  private func makePhases(_ statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError)
    -> [shifted_data]
  {
    let source = try binding.float32(problem.source)
    let result = try binding.float32(problem.result)
    let weights = try binding.vector(problem.weights)
    let bias = try binding.vector(problem.bias)
    let (toImage, stride) = (problem.target == .image, problem.geometry.stride)
    let step = toImage ? stride : 1
    var phases: [shifted_data] = []
    for y in 0..<min(step, result.height) {
      for x in 0..<min(step, result.width) {
        let taps = toImage ? problem.taps(phaseY: y, phaseX: x) : problem.taps
        phases.append(
          shifted_data(
            source: source.pointer, source_pixel_stride: source.pixelStride, source_height: Int32(source.height),
            source_width: Int32(source.width), result: result.pointer, result_pixel_stride: result.pixelStride,
            result_height: Int32(result.height), result_width: Int32(result.width),
            source_step: Int32(toImage ? 1 : stride), result_step: Int32(step), result_y: Int32(y),
            result_x: Int32(x), height: Int32(ceilDivide(result.height - y, step)),
            width: Int32(ceilDivide(result.width - x, step)), source_channels: source.channels,
            result_channels: result.channels, weights: weights,
            weight_source_stride: problem.readsWeightsTransposed ? 1 : result.channels,
            weight_result_stride: problem.readsWeightsTransposed ? source.channels : 1, bias: bias,
            taps: binding.copy(taps), tap_count: taps.count, moments: statistics?.moments ?? vector_moments(),
            sgemm: blas?.sgemm))
      }
    }
    return phases
  }

  private struct Task {
    var phases: Range<Int>
    var positions: Range<Int>
    var channels: Range<Int>
  }

  /// Returns tasks of whole blocks of positions; where these are too few, each is split over the result's channels, and
  /// then the blocks get smaller. Phases of equal size share their tasks, for they read the same source pixels and
  /// write neighbouring ones (measured: 216 GFLOP/s instead of 162 for 128 → 64 channels from 16 × 16 to 32 × 32). The
  /// sums do not depend on the split: those of a library's products are split at multiples of whole products.
  private func tasks(_ phases: [shifted_data], batch: Int, channels: Int) -> [Task] {
    let counts = phases.map { batch * Int($0.height) * Int($0.width) }
    let sharing = Set(phases.map { [$0.height, $0.width] }).count == 1
    let sets = sharing ? [0..<phases.count] : phases.indices.map { $0..<$0 + 1 }
    let wanted = Self.tasksPerThread * pool.workerCount
    let panelWidth = Int(blas == nil ? PANEL_WIDTH : SHIFTED_BLAS_CHANNELS)
    let smallestBlock = blas == nil ? Self.smallestBlock : Int(SHIFTED_BLAS_POSITIONS)
    let panels = ceilDivide(channels, panelWidth)
    var block = Self.blockPositions
    func blocks() -> Int { sets.reduce(0) { $0 + ceilDivide(counts[$1.lowerBound], block) } }
    let groups = pool.workerCount == 1 ? 1 : min(panels, max(1, (wanted + blocks() - 1) / blocks()))
    while block > smallestBlock, blocks() * groups < wanted, pool.workerCount > 1 { block /= 2 }
    var tasks: [Task] = []
    for set in sets {
      let count = counts[set.lowerBound]
      for first in stride(from: 0, to: count, by: block) {
        for group in 0..<groups {
          let from = panels * group / groups * panelWidth
          let end = min(channels, panels * (group + 1) / groups * panelWidth)
          tasks.append(Task(phases: set, positions: first..<min(count, first + block), channels: from..<end))
        }
      }
    }
    return tasks
  }
}
