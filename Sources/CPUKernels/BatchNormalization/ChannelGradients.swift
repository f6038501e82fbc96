import CVectorLoops
import Runtime

/// The two passes of batch normalization's gradient: sums per channel of g and of g · (x − μ), with g the output's gradient
/// behind the activation, and then the input's gradient, which is linear in g and in x − μ.
struct ChannelGradients {
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
  /// With pooling: for each worker, a block's gradients from above, those of the maxima added.
  private let pooledSums: UnsafeMutablePointer<Float>?

  private static func elementCount(_ layout: ChannelLayout, workerCount: Int) -> Int {
    2 * layout.blocks.count * layout.channels + workerCount * 2 * layout.columns
  }

  private static func pooledCount(_ layout: ChannelLayout) -> Int {
    max(layout.blocks.unitsPerBlock, layout.rowBlocks.unitsPerBlock) * layout.channels
  }

  private static func layout(_ operation: BatchNormalizationBackward, isDense: Bool) -> ChannelLayout {
    let shape = operation.input.shape
    return ChannelLayout(
      pixelCount: shape.pixelCount, channels: shape.channels, isDense: isDense,
      wholePixels: operation.pooling == nil ? nil : FusedPooling.blockPixels(shape))
  }

  static func workspaceByteCount(_ operation: BatchNormalizationBackward, workerCount: Int) -> Int {
    // Dense or not is not known yet: the one that needs more.
    let layouts = [true, false].map { layout(operation, isDense: $0) }
    let byteCounts = layouts.map { layout in
      elementCount(layout, workerCount: workerCount) * MemoryLayout<Double>.stride
        + (operation.pooling == nil ? 0 : workerCount * pooledCount(layout) * MemoryLayout<Float>.stride)
    }
    return max(byteCounts[0], byteCounts[1])
  }

  init(
    _ operation: BatchNormalizationBackward, workspace: DeviceMemory?, pool: ThreadPool, binding: inout Binding
  ) throws(BackendError) {
    input = try binding.float32(operation.input)
    outputGradient = try binding.float32(operation.outputGradient)
    inputGradient = try binding.float32(operation.inputGradient)
    activation = LoopActivation(operation.activation)
    let pooling = operation.pooling
    self.pooling =
      if let pooling { try FusedPooling(pooling, of: operation.outputGradient, &binding) } else { nil }
    layout = Self.layout(
      operation,
      isDense: input.isDense && (pooling != nil || outputGradient.isDense) && inputGradient.isDense)
    constants = ChannelConstants(layout: layout, kinds: 5)
    let count = Self.elementCount(layout, workerCount: pool.workerCount)
    let pooledCount = pooling == nil ? 0 : pool.workerCount * Self.pooledCount(layout)
    sum = try binding.workspace(workspace, of: Double.self, count: count + (pooledCount + 1) / 2)
    pooledSums =
      pooling == nil ? nil : UnsafeMutableRawPointer(sum + count).assumingMemoryBound(to: Float.self)
    productSum = sum + layout.blocks.count * layout.channels
    scratch = productSum + layout.blocks.count * layout.channels
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

  /// The gradients from above, from `pixels.lowerBound` on, and the distance between two rows of the layout.
  @inline(__always)
  private func gradients(_ pixels: Range<Int>, worker: Int) -> (pointer: UnsafePointer<Float>, stride: Int) {
    guard let pooling, let pooledSums else {
      return (
        UnsafePointer(outputGradient.pointer + pixels.lowerBound * outputGradient.pixelStride),
        outputGradient.stride(in: layout)
      )
    }
    let sums = pooledSums + worker * Self.pooledCount(layout)
    pooling.addGradient(of: pixels, to: outputGradient, into: sums)
    return (UnsafePointer(sums), layout.columns)
  }

  private func sumUp(_ task: ChannelLayout.Task, worker: Int) {
    let first = task.block * layout.channels + task.firstColumn
    let above = gradients(layout.blocks[task.block], worker: worker)
    if layout.folds == 1 {
      sums(
        sum + first, productSum + first, above.pointer, stride: above.stride, firstPixel: task.firstPixel,
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
      sums, products, above.pointer, stride: above.stride, firstPixel: task.firstPixel, firstColumn: 0,
      rows: task.rows, columns: layout.columns)
    addFolds(sums, products, columns: layout.columns, to: first)
    self.sums(
      sums, products, above.pointer + task.rows * above.stride, stride: above.stride,
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
    _ sum: UnsafeMutablePointer<Double>, _ productSum: UnsafeMutablePointer<Double>, _ above: UnsafePointer<Float>,
    stride: Int, firstPixel: Int, firstColumn: Int, rows: Int, columns: Int
  ) {
    vector_batch_normalization_backward_sums(
      sum, productSum, input.pointer + firstPixel * input.pixelStride + firstColumn, input.stride(in: layout),
      above + firstColumn, stride, rows, columns, constants[0] + firstColumn, constants[1] + firstColumn,
      constants[2] + firstColumn, activation.kind, activation.slope)
  }

  func apply(on pool: ThreadPool) {
    constants.repeatFolds(kinds: 5)
    let blocks = layout.rowBlocks
    pool.run(count: blocks.count) { index, worker in
      let pixels = blocks[index]
      let above = gradients(pixels, worker: worker)
      let rows = pixels.count / layout.folds
      apply(
        above.pointer, stride: above.stride, firstPixel: pixels.lowerBound, rows: rows, columns: layout.columns)
      let rest = pixels.count - rows * layout.folds
      if rest > 0 {
        apply(
          above.pointer + rows * above.stride, stride: above.stride, firstPixel: pixels.upperBound - rest, rows: 1,
          columns: rest * layout.channels)
      }
    }
  }

  private func apply(_ above: UnsafePointer<Float>, stride: Int, firstPixel: Int, rows: Int, columns: Int) {
    vector_batch_normalization_backward_apply(
      inputGradient.pointer + firstPixel * inputGradient.pixelStride, inputGradient.stride(in: layout),
      input.pointer + firstPixel * input.pixelStride, input.stride(in: layout), above, stride, rows, columns,
      constants[0], constants[1], constants[2], constants[3], constants[4], activation.kind, activation.slope)
  }
}
