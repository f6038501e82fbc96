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

  private static func elementCount(_ layout: ChannelLayout, workerCount: Int) -> Int {
    2 * layout.blocks.count * layout.channels + workerCount * 2 * layout.columns
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

  init(
    _ operation: BatchNormalizationBackward, workspace: DeviceMemory?, pool: ThreadPool, binding: inout Binding
  ) throws(BackendError) {
    input = try binding.float32(operation.input)
    outputGradient = try binding.float32(operation.outputGradient)
    inputGradient = try binding.float32(operation.inputGradient)
    activation = LoopActivation(operation.activation)
    layout = ChannelLayout(
      pixelCount: input.pixelCount, channels: input.channels,
      isDense: input.isDense && outputGradient.isDense && inputGradient.isDense)
    constants = ChannelConstants(layout: layout, kinds: 5)
    sum = try binding.workspace(
      workspace, of: Double.self, count: Self.elementCount(layout, workerCount: pool.workerCount))
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

  private func sumUp(_ task: ChannelLayout.Task, worker: Int) {
    let first = task.block * layout.channels + task.firstColumn
    if layout.folds == 1 {
      sums(
        sum + first, productSum + first, firstPixel: task.firstPixel, firstColumn: task.firstColumn, rows: task.rows,
        columns: task.columns)
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
      sums, products, firstPixel: task.firstPixel, firstColumn: 0, rows: task.rows, columns: layout.columns)
    addFolds(sums, products, columns: layout.columns, to: first)
    self.sums(
      sums, products, firstPixel: task.firstPixel + task.rows * layout.folds, firstColumn: 0, rows: 1, columns: rest)
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
    _ sum: UnsafeMutablePointer<Double>, _ productSum: UnsafeMutablePointer<Double>, firstPixel: Int,
    firstColumn: Int, rows: Int, columns: Int
  ) {
    vector_batch_normalization_backward_sums(
      sum, productSum, input.pointer + firstPixel * input.pixelStride + firstColumn, input.stride(in: layout),
      outputGradient.pointer + firstPixel * outputGradient.pixelStride + firstColumn, outputGradient.stride(in: layout),
      rows, columns, constants[0] + firstColumn, constants[1] + firstColumn, constants[2] + firstColumn,
      activation.kind, activation.slope)
  }

  func apply(on pool: ThreadPool) {
    constants.repeatFolds(kinds: 5)
    let blocks = layout.rowBlocks
    pool.run(count: blocks.count) { index, _ in
      let pixels = blocks[index]
      let rows = pixels.count / layout.folds
      apply(firstPixel: pixels.lowerBound, rows: rows, columns: layout.columns)
      let rest = pixels.count - rows * layout.folds
      if rest > 0 { apply(firstPixel: pixels.upperBound - rest, rows: 1, columns: rest * layout.channels) }
    }
  }

  private func apply(firstPixel: Int, rows: Int, columns: Int) {
    vector_batch_normalization_backward_apply(
      inputGradient.pointer + firstPixel * inputGradient.pixelStride, inputGradient.stride(in: layout),
      input.pointer + firstPixel * input.pixelStride, input.stride(in: layout),
      outputGradient.pointer + firstPixel * outputGradient.pixelStride, outputGradient.stride(in: layout), rows,
      columns, constants[0], constants[1], constants[2], constants[3], constants[4], activation.kind,
      activation.slope)
  }
}
