import CVectorLoops
import Runtime

/// The mean and the sum of squared deviations of each channel of a tensor: one pass over it, then the blocks' moments
/// joined in their order.
struct ChannelMoments {
  /// The layout of the tensor and of the workspace.
  struct Plan {
    fileprivate let layout: ChannelLayout
    fileprivate let mean: Workspace.Part<Double>
    fileprivate let squares: Workspace.Part<Double>
    fileprivate let scratch: Workspace.Part<Double>

    init(_ input: Tensor, pool: ThreadPool, _ workspace: inout Workspace) {
      layout = ChannelLayout(input.shape, isDense: input.isDense)
      mean = workspace.add(layout.blocks.count * layout.channels, of: Double.self)
      squares = workspace.add(layout.blocks.count * layout.channels, of: Double.self)
      scratch = workspace.add(pool.workerCount * ChannelMoments.scratchCount(layout), of: Double.self)
    }
  }

  /// Element c is channel c's, after `run`.
  let moments: vector_moments
  private let input: HostTensor<Float>
  private let layout: ChannelLayout
  private let scratch: UnsafeMutablePointer<Double>

  init(_ plan: Plan, of input: HostTensor<Float>, _ binding: Binding) throws(BackendError) {
    self.input = input
    layout = plan.layout
    moments = vector_moments(
      mean: try binding.pointer(to: plan.mean), squares: try binding.pointer(to: plan.squares))
    scratch = try binding.pointer(to: plan.scratch)
  }

  /// Doubles that a worker needs: both moments of one more row than a layout has, for the pixels after the last whole
  /// row.
  private static func scratchCount(_ layout: ChannelLayout) -> Int { 4 * layout.columns }

  func run(on pool: ThreadPool) {
    pool.run(count: layout.taskCount) { index, worker in measure(layout.task(index), worker: worker) }
    let blocks = layout.blocks
    vector_batch_normalization_join(
      moments, blocks.count - 1, blocks.unitsPerBlock, 1, blocks[blocks.count - 1].count, layout.channels)
  }

  private func measure(_ task: ChannelLayout.Task, worker: Int) {
    let channels = layout.channels
    let result = moments.advanced(by: task.block * channels + task.firstColumn)
    var rows = input.rows(from: task.firstPixel, column: task.firstColumn, in: layout)
    if layout.folds == 1 {
      vector_batch_normalization_moments(result, rows, vector_size(rows: task.rows, columns: task.columns))
      return
    }
    // A set of moments per fold, and one per pixel of the rest, all of the same channels.
    let means = scratch + worker * Self.scratchCount(layout)
    let sets = vector_moments(mean: means, squares: means + 2 * layout.columns)
    let folds = task.rows > 0 ? layout.folds : 0
    if folds > 0 {
      vector_batch_normalization_moments(sets, rows, vector_size(rows: task.rows, columns: layout.columns))
    }
    rows.start += task.rows * rows.stride
    vector_batch_normalization_moments(
      sets.advanced(by: folds * channels), rows, vector_size(rows: 1, columns: task.rest * channels))
    vector_batch_normalization_join(sets, folds, task.rows, task.rest, 1, channels)
    result.mean.update(from: sets.mean, count: channels)
    result.squares.update(from: sets.squares, count: channels)
  }
}

extension vector_moments {
  /// Returns the moments from element `count` on.
  func advanced(by count: Int) -> vector_moments { vector_moments(mean: mean + count, squares: squares + count) }
}

/// The moments of batch normalization's input.
enum BatchMoments {
  /// Measured in a pass over the input.
  case measured(ChannelMoments)
  /// Computed by the convolution before it: means, then biased variances, `[2][channels]`.
  case given(UnsafeMutablePointer<Float>, channels: Int, count: Double)

  /// The source of the moments.
  enum Plan {
    case measured(ChannelMoments.Plan)
    case given(Tensor)
  }

  func run(on pool: ThreadPool) {
    if case .measured(let moments) = self { moments.run(on: pool) }
  }

  /// After `run`: a channel's mean and sum of squared deviations.
  @inline(__always)
  subscript(channel: Int) -> (mean: Double, squares: Double) {
    switch self {
    case .measured(let measured): (measured.moments.mean[channel], measured.moments.squares[channel])
    case .given(let statistics, let channels, let count):
      (Double(statistics[channel]), Double(statistics[channels + channel]) * count)
    }
  }
}
