import CVectorLoops
import Runtime

/// The two passes of batch normalization's gradient: sums per channel of g and of g · (x − μ), with g the gradient of the
/// activation's input, and then the input's gradient, which is linear in g and in x − μ.
struct ChannelGradients {
  /// The layout of the tensors and of the workspace.
  struct Plan {
    fileprivate let layout: ChannelLayout
    fileprivate let sum: Workspace.Part<Double>
    fileprivate let productSum: Workspace.Part<Double>
    fileprivate let scratch: Workspace.Part<Double>
    fileprivate let pooledSums: Workspace.Part<Float>?
    /// Elements of `pooledSums` for one worker.
    fileprivate let pooledCount: Int

    init(_ operation: BatchNormalizationBackward, pool: ThreadPool, _ workspace: inout Workspace) {
      let isPooled = operation.pooling != nil
      layout = ChannelLayout(
        operation.input.shape,
        isDense: operation.input.isDense && (isPooled || operation.outputGradient.isDense)
          && operation.inputGradient.isDense,
        wholePixels: isPooled ? FusedPooling.blockPixels(operation.input.shape) : nil)
      sum = workspace.add(layout.blocks.count * layout.channels, of: Double.self)
      productSum = workspace.add(layout.blocks.count * layout.channels, of: Double.self)
      scratch = workspace.add(pool.workerCount * 2 * layout.columns, of: Double.self)
      pooledCount = max(layout.blocks.unitsPerBlock, layout.rowBlocks.unitsPerBlock) * layout.channels
      pooledSums = isPooled ? workspace.add(pool.workerCount * pooledCount, of: Float.self) : nil
    }
  }

  /// Element c of each is channel c's, after `sumUp`.
  let sum: UnsafeMutablePointer<Double>
  let productSum: UnsafeMutablePointer<Double>
  private let input: HostTensor<Float>
  private let outputGradient: HostTensor<Float>
  private let inputGradient: HostTensor<Float>
  private let layout: ChannelLayout
  private let activation: LoopActivation
  /// Center, factor, offset, slope term and constant term.
  private let constants: ChannelConstants
  private let scratch: UnsafeMutablePointer<Double>
  private let pooling: FusedPooling?
  /// With pooling: for each worker, a block's upstream gradients, those of the maxima added.
  private let pooledSums: UnsafeMutablePointer<Float>?
  private let pooledCount: Int

  init(_ plan: Plan, _ operation: BatchNormalizationBackward, _ binding: inout Binding) throws(BackendError) {
    input = try binding.float32(operation.input)
    outputGradient = try binding.float32(operation.outputGradient)
    inputGradient = try binding.float32(operation.inputGradient)
    activation = LoopActivation(operation.activation)
    layout = plan.layout
    constants = ChannelConstants(layout, kinds: 5, &binding)
    sum = try binding.pointer(to: plan.sum)
    productSum = try binding.pointer(to: plan.productSum)
    scratch = try binding.pointer(to: plan.scratch)
    pooling = try FusedPooling(operation.pooling, of: operation.outputGradient, &binding)
    pooledSums = if let part = plan.pooledSums { try binding.pointer(to: part) } else { nil }
    pooledCount = plan.pooledCount
  }

  @inline(__always)
  func set(_ channel: Int, mean: Float, factor: Float, shift: Float) {
    constants[0][channel] = mean
    constants[1][channel] = factor
    constants[2][channel] = shift
  }

  @inline(__always)
  func setTerms(_ channel: Int, slope: Double, constant: Double) {
    constants[3][channel] = Float(slope)
    constants[4][channel] = Float(constant)
  }

  func sumUp(on pool: ThreadPool) {
    constants.repeatFolds(kinds: 3)
    pool.run(count: layout.taskCount) { index, worker in sumUp(layout.task(index), worker: worker) }
    let channels = layout.channels
    for block in 1..<max(layout.blocks.count, 1) {
      for c in 0..<channels {
        sum[c] += sum[block * channels + c]
        productSum[c] += productSum[block * channels + c]
      }
    }
  }

  /// Returns the upstream gradients from `pixels.lowerBound` on, and the distance between two rows of the layout.
  @inline(__always)
  private func gradients(_ pixels: Range<Int>, worker: Int) -> (pointer: UnsafePointer<Float>, stride: Int) {
    guard let pooling, let pooledSums else {
      return (UnsafePointer(outputGradient.pixel(pixels.lowerBound)), outputGradient.stride(in: layout))
    }
    let sums = pooledSums + worker * pooledCount
    pooling.addGradient(of: pixels, to: outputGradient, into: sums)
    return (UnsafePointer(sums), layout.columns)
  }

  private func sumUp(_ task: ChannelLayout.Task, worker: Int) {
    let first = task.block * layout.channels + task.firstColumn
    let upstream = gradients(layout.blocks[task.block], worker: worker)
    if layout.folds == 1 {
      sums(
        sum + first, productSum + first, upstream.pointer, stride: upstream.stride, firstPixel: task.firstPixel,
        firstColumn: task.firstColumn, rows: task.rows, columns: task.columns)
      return
    }
    for c in 0..<layout.channels {
      sum[first + c] = 0
      productSum[first + c] = 0
    }
    let sums = scratch + worker * 2 * layout.columns
    let products = sums + layout.columns
    let rest = task.rest * layout.channels
    self.sums(
      sums, products, upstream.pointer, stride: upstream.stride, firstPixel: task.firstPixel, firstColumn: 0,
      rows: task.rows, columns: layout.columns)
    addFolds(sums, products, columns: layout.columns, to: first)
    self.sums(
      sums, products, upstream.pointer + task.rows * upstream.stride, stride: upstream.stride,
      firstPixel: task.firstPixel + task.rows * layout.folds, firstColumn: 0, rows: 1, columns: rest)
    addFolds(sums, products, columns: rest, to: first)
  }

  /// Adds the sums of `columns` columns to those of their channels.
  private func addFolds(
    _ sums: UnsafeMutablePointer<Double>, _ products: UnsafeMutablePointer<Double>, columns: Int, to first: Int
  ) {
    for column in stride(from: 0, to: columns, by: layout.channels) {
      for c in 0..<layout.channels {
        sum[first + c] += sums[column + c]
        productSum[first + c] += products[column + c]
      }
    }
  }

  private func sums(
    _ sum: UnsafeMutablePointer<Double>, _ productSum: UnsafeMutablePointer<Double>, _ upstream: UnsafePointer<Float>,
    stride: Int, firstPixel: Int, firstColumn: Int, rows: Int, columns: Int
  ) {
    vector_batch_normalization_backward_sums(
      sum, productSum, input.pixel(firstPixel) + firstColumn, input.stride(in: layout),
      upstream + firstColumn, stride, rows, columns, constants[0] + firstColumn, constants[1] + firstColumn,
      constants[2] + firstColumn, activation.kind, activation.slope)
  }

  func apply(on pool: ThreadPool) {
    constants.repeatFolds(kinds: 5)
    let blocks = layout.rowBlocks
    pool.run(count: blocks.count) { index, worker in
      let pixels = blocks[index]
      let upstream = gradients(pixels, worker: worker)
      let rows = pixels.count / layout.folds
      apply(
        upstream.pointer, stride: upstream.stride, firstPixel: pixels.lowerBound, rows: rows, columns: layout.columns)
      let rest = pixels.count - rows * layout.folds
      if rest > 0 {
        apply(
          upstream.pointer + rows * upstream.stride, stride: upstream.stride, firstPixel: pixels.upperBound - rest, rows: 1,
          columns: rest * layout.channels)
      }
    }
  }

  private func apply(_ upstream: UnsafePointer<Float>, stride: Int, firstPixel: Int, rows: Int, columns: Int) {
    vector_batch_normalization_backward_apply(
      inputGradient.pixel(firstPixel), inputGradient.stride(in: layout),
      input.pixel(firstPixel), input.stride(in: layout), upstream, stride, rows, columns,
      constants[0], constants[1], constants[2], constants[3], constants[4], activation.kind, activation.slope)
  }
}
