import CVectorLoops
import Runtime

/// The mean and the sum of squared deviations of each channel of a tensor: one pass over it, then the blocks' moments
/// joined in their order.
struct ChannelMoments {
  /// Element c of each is channel c's, after `run`.
  let mean: UnsafeMutablePointer<Double>
  let squares: UnsafeMutablePointer<Double>
  private let input: HostTensor<Float>
  private let layout: ChannelLayout
  private let scratch: UnsafeMutablePointer<Double>

  /// Doubles that a worker needs: both moments of one more row than a layout has, for the pixels after the last whole row.
  private static func scratchCount(_ layout: ChannelLayout) -> Int { 4 * layout.columns }

  private static func elementCount(_ layout: ChannelLayout, workerCount: Int) -> Int {
    2 * layout.blocks.count * layout.channels + workerCount * scratchCount(layout)
  }

  static func workspaceByteCount(_ shape: Shape, workerCount: Int) -> Int {
    // Dense or not is not known yet: the one that needs more.
    let counts = [true, false].map { isDense in
      elementCount(
        ChannelLayout(pixelCount: shape.pixelCount, channels: shape.channels, isDense: isDense),
        workerCount: workerCount)
    }
    return max(counts[0], counts[1]) * MemoryLayout<Double>.stride
  }

  init(of input: HostTensor<Float>, workspace: DeviceMemory?, pool: ThreadPool, binding: inout Binding)
    throws(BackendError)
  {
    self.input = input
    layout = ChannelLayout(pixelCount: input.pixelCount, channels: input.channels, isDense: input.isDense)
    mean = try binding.workspace(
      workspace, of: Double.self, count: Self.elementCount(layout, workerCount: pool.workerCount))
    squares = mean + layout.blocks.count * layout.channels
    scratch = squares + layout.blocks.count * layout.channels
  }

  func run(on pool: ThreadPool) {
    pool.run(count: layout.taskCount) { index, worker in measure(layout.task(index), worker: worker) }
    let blocks = layout.blocks
    vector_batch_normalization_join(
      mean, squares, blocks.count - 1, blocks.unitsPerBlock, 1, blocks[blocks.count - 1].count, layout.channels,
      layout.channels)
  }

  private func measure(_ task: ChannelLayout.Task, worker: Int) {
    let channels = layout.channels
    let first = task.block * channels + task.firstColumn
    let from = input.pointer + task.firstPixel * input.pixelStride + task.firstColumn
    let stride = input.stride(in: layout)
    if layout.folds == 1 {
      vector_batch_normalization_moments(mean + first, squares + first, from, stride, task.rows, task.columns)
      return
    }
    // A set of moments per fold, and one per pixel of the rest, all of the same channels.
    let means = scratch + worker * Self.scratchCount(layout)
    let deviations = means + 2 * layout.columns
    let folds = task.rows > 0 ? layout.folds : 0
    if folds > 0 { vector_batch_normalization_moments(means, deviations, from, stride, task.rows, layout.columns) }
    vector_batch_normalization_moments(
      means + folds * channels, deviations + folds * channels, from + task.rows * stride, stride, 1,
      task.rest * channels)
    vector_batch_normalization_join(
      means, deviations, folds, task.rows, task.rest, 1, channels, channels)
    (mean + first).update(from: means, count: channels)
    (squares + first).update(from: deviations, count: channels)
  }
}
