import CVectorLoops
import Runtime

/// A convolution, in either direction, as products of shifted images: any kernel, stride and padding, nothing unrolled
/// in memory. `convolution_grid.c` says how.
///
/// The direction from the small image to the large one is split into one grid per sub-pixel phase, so that a tap is
/// never multiplied with a zero that the stride puts between two pixels.
final class ConvolutionGrids {
  /// Positions of one task where there is enough to do; `convolution_grid_run` works in blocks of as many.
  private static let blockPositions = 512
  /// Fewer positions make packing the weights cost more than 5 % of the products.
  private static let smallestBlock = 128
  /// Tasks per thread, so that none waits long for the last.
  private static let tasksPerThread = 4

  private struct Task {
    var grids: Range<Int>
    var positions: Range<Int>
    var outputs: Range<Int>
  }

  private let grids: UnsafeMutableBufferPointer<convolution_grid>
  private let taps: UnsafeMutableBufferPointer<convolution_tap>
  private let tasks: [Task]
  private let pool: ThreadPool
  private let scratch: UnsafeMutableRawPointer
  private let statistics: ConvolutionStatistics?

  /// Positions of each part of the statistics.
  static func partCounts(positions: Int) -> [Int] {
    let size = Int(CONVOLUTION_PART_POSITIONS)
    return stride(from: 0, to: positions, by: size).map { min(size, positions - $0) }
  }

  /// Bytes of scratch memory on `pool`.
  static func workspaceByteCount(on pool: ThreadPool) -> Int { pool.workerCount * scratchStride }

  private static var scratchStride: Int { (convolution_grid_scratch_bytes() + 63) / 64 * 64 }

  /// From the large image to the small one, or with `toLarge` the other way.
  init(
    _ shape: ConvolutionShape, toLarge: Bool, source: HostTensor<Float>, target: HostTensor<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, statistics: ConvolutionStatistics? = nil,
    pool: ThreadPool,
    scratch: UnsafeMutableRawPointer
  ) {
    self.statistics = statistics
    self.pool = pool
    self.scratch = scratch
    let stride = shape.geometry.stride
    let phases =
      toLarge
      ? (0..<min(stride, target.height)).flatMap { y in (0..<min(stride, target.width)).map { x in (y: y, x: x) } }
      : [(y: 0, x: 0)]
    let phaseTaps = phases.map { toLarge ? shape.taps(phaseY: $0.y, phaseX: $0.x) : shape.taps }
    taps = .allocate(capacity: max(1, phaseTaps.reduce(0) { $0 + $1.count }))
    grids = .allocate(capacity: phases.count)
    // A tap's matrix is [source][target] or its transpose.
    let rowsAreSource = shape.rowsAreLarge != toLarge
    var nextTap = 0
    for (index, phase) in phases.enumerated() {
      let first = nextTap
      for tap in phaseTaps[index] {
        taps.initializeElement(at: nextTap, to: tap)
        nextTap += 1
      }
      let step = toLarge ? stride : 1
      grids.initializeElement(
        at: index,
        to: convolution_grid(
          source: source.pointer, source_pixel_stride: source.pixelStride, source_height: Int32(source.height),
          source_width: Int32(source.width), target: target.pointer, target_pixel_stride: target.pixelStride,
          target_height: Int32(target.height), target_width: Int32(target.width),
          source_step: Int32(toLarge ? 1 : stride), target_step: Int32(step), target_y: Int32(phase.y),
          target_x: Int32(phase.x), height: Int32((target.height - phase.y + step - 1) / step),
          width: Int32((target.width - phase.x + step - 1) / step), channels: source.channels,
          outputs: target.channels, weights: weights,
          weight_channel_stride: rowsAreSource ? target.channels : 1,
          weight_output_stride: rowsAreSource ? 1 : source.channels, bias: bias,
          taps: taps.baseAddress.map { UnsafePointer($0 + first) }, tap_count: nextTap - first,
          mean: statistics?.mean, squares: statistics?.squares))
    }
    tasks = Self.split(UnsafeBufferPointer(grids), batch: target.batch, outputs: target.channels, over: pool)
  }

  deinit {
    grids.deallocate()
    taps.deallocate()
  }

  /// Tasks of whole blocks of positions; where these are too few, each is split over the outputs, and then the blocks
  /// get smaller. Phases of equal size share their tasks, for they read the same source pixels and write neighbouring
  /// ones (measured: 216 GFLOP/s instead of 162 for 128 → 64 channels from 16 × 16 to 32 × 32). The sums do not depend
  /// on the split.
  private static func split(
    _ grids: UnsafeBufferPointer<convolution_grid>, batch: Int, outputs: Int, over pool: ThreadPool
  ) -> [Task] {
    let counts = grids.map { batch * Int($0.height) * Int($0.width) }
    let sharing = Set(grids.map { [$0.height, $0.width] }).count == 1
    let sets = sharing ? [0..<grids.count] : grids.indices.map { $0..<$0 + 1 }
    let wanted = tasksPerThread * pool.workerCount
    let panels = (outputs + Int(PANEL_WIDTH) - 1) / Int(PANEL_WIDTH)
    var block = blockPositions
    func blocks() -> Int { sets.reduce(0) { $0 + (counts[$1.lowerBound] + block - 1) / block } }
    let groups = pool.workerCount == 1 ? 1 : min(panels, max(1, (wanted + blocks() - 1) / blocks()))
    while block > smallestBlock, blocks() * groups < wanted, pool.workerCount > 1 { block /= 2 }
    var tasks: [Task] = []
    for set in sets {
      let count = counts[set.lowerBound]
      for first in stride(from: 0, to: count, by: block) {
        for group in 0..<groups {
          let from = panels * group / groups * Int(PANEL_WIDTH)
          let end = min(outputs, panels * (group + 1) / groups * Int(PANEL_WIDTH))
          tasks.append(Task(grids: set, positions: first..<min(count, first + block), outputs: from..<end))
        }
      }
    }
    return tasks
  }

  func run() {
    tasks.withUnsafeBufferPointer { tasks in
      pool.run(count: tasks.count) { index, worker in
        let task = tasks[index]
        guard let grids = grids.baseAddress else { return }
        for grid in task.grids {
          convolution_grid_run(
            grids + grid, task.positions.lowerBound, task.positions.upperBound, task.outputs.lowerBound,
            task.outputs.upperBound, scratch + worker * Self.scratchStride)
        }
      }
    }
    statistics?.finish()
  }
}
