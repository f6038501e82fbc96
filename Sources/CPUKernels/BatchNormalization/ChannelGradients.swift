import CVectorLoops
import Runtime

/// The two passes of batch normalization's gradient: sums per channel of g and of g · (x − μ), with g the gradient of
/// the activation's input, and then the input's gradient, which is linear in g and in x − μ.
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
  private let inputGradient: HostTensor<Float>?
  private let layout: ChannelLayout
  private let activation: vector_activation
  /// Center, factor, offset, slope term and constant term.
  private let constants: ChannelConstants
  private let scratch: UnsafeMutablePointer<Double>
  private let pooling: FusedPooling?
  /// With pooling: for each worker, a block's upstream gradients, those of the maxima added.
  private let pooledSums: UnsafeMutablePointer<Float>?
  private let pooledCount: Int

  /// - Parameter inputGradient: where `apply` writes; nil where it is not called.
  init(
    _ plan: Plan, _ operation: BatchNormalizationBackward, inputGradient: Tensor?, _ binding: inout Binding
  ) throws(BackendError) {
    input = try binding.float32(operation.input)
    outputGradient = try binding.float32(operation.outputGradient)
    self.inputGradient = try binding.float32(inputGradient)
    activation = vector_activation(operation.activation)
    layout = plan.layout
    constants = ChannelConstants(layout, kinds: 5, &binding)
    sum = try binding.pointer(to: plan.sum)
    productSum = try binding.pointer(to: plan.productSum)
    scratch = try binding.pointer(to: plan.scratch)
    pooling = try FusedPooling(operation.pooling, of: operation.outputGradient, &binding)
    pooledSums = if let part = plan.pooledSums { try binding.pointer(to: part) } else { nil }
    pooledCount = plan.pooledCount
  }

  /// Sets what both passes need.
  func set(_ vectors: ChannelVectors) {
    for c in 0..<vectors.channels {
      constants[0][c] = vectors.savedMean[c]
      constants[1][c] = Float(vectors.factor(c))
      constants[2][c] = vectors.shift[c]
    }
  }

  /// Sets what `apply` needs of one channel: the terms of γ · inverseDeviation · (g − Σ g / m − x̂ · Σ g x̂ / m), with
  /// x̂ = inverseDeviation · (x − μ), in x − μ.
  /// - Parameters:
  ///   - shiftSum: Σ g
  ///   - scaleSum: Σ g x̂
  ///   - count: m
  @inline(__always)
  func setTerms(_ c: Int, _ vectors: ChannelVectors, shiftSum: Double, scaleSum: Double, count: Double) {
    let factor = vectors.factor(c)
    constants[3][c] = Float(-factor * vectors.inverseDeviation(c) * scaleSum / count)
    constants[4][c] = Float(-factor * shiftSum / count)
  }

  func sumUp(on pool: ThreadPool) {
    constants.repeatFolds(kinds: 3)
    pool.run(count: layout.taskCount) { index, worker in sumUp(layout.task(index), worker: worker) }
    let channels = layout.channels
    for block in 1..<layout.blocks.count {
      for c in 0..<channels {
        sum[c] += sum[block * channels + c]
        productSum[c] += productSum[block * channels + c]
      }
    }
  }

  /// Returns the upstream gradients of `pixels` as rows of the layout.
  @inline(__always)
  private func gradients(_ pixels: Range<Int>, worker: Int) -> vector_rows {
    guard let pooling, let pooledSums else { return outputGradient.rows(from: pixels.lowerBound, in: layout) }
    let sums = pooledSums + worker * pooledCount
    pooling.addGradient(of: pixels, to: outputGradient, into: sums)
    return vector_rows(start: sums, stride: layout.columns)
  }

  private func sumUp(_ task: ChannelLayout.Task, worker: Int) {
    let first = task.block * layout.channels + task.firstColumn
    var gradients = gradients(layout.blocks[task.block], worker: worker)
    var x = input.rows(from: task.firstPixel, column: task.firstColumn, in: layout)
    if layout.folds == 1 {
      gradients.start += task.firstColumn
      vector_batch_normalization_backward_sums(
        sum + first, productSum + first, x, gradients, vector_size(rows: task.rows, columns: task.columns),
        constants.normalization(activation, column: task.firstColumn))
      return
    }
    for c in 0..<layout.channels {
      sum[first + c] = 0
      productSum[first + c] = 0
    }
    let sums = scratch + worker * 2 * layout.columns
    let products = sums + layout.columns
    let rest = task.rest * layout.channels
    vector_batch_normalization_backward_sums(
      sums, products, x, gradients, vector_size(rows: task.rows, columns: layout.columns),
      constants.normalization(activation))
    addFolds(sums, products, columns: layout.columns, to: first)
    x.start += task.rows * x.stride
    gradients.start += task.rows * gradients.stride
    vector_batch_normalization_backward_sums(
      sums, products, x, gradients, vector_size(rows: 1, columns: rest), constants.normalization(activation))
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

  func apply(on pool: ThreadPool) {
    guard let inputGradient else { return }
    constants.repeatFolds(kinds: 5)
    let blocks = layout.rowBlocks
    pool.run(count: blocks.count) { index, worker in
      let pixels = blocks[index]
      var gradients = gradients(pixels, worker: worker)
      let rows = pixels.count / layout.folds
      apply(
        gradients, to: inputGradient, firstPixel: pixels.lowerBound, vector_size(rows: rows, columns: layout.columns))
      let rest = pixels.count - rows * layout.folds
      if rest > 0 {
        gradients.start += rows * gradients.stride
        apply(
          gradients, to: inputGradient, firstPixel: pixels.upperBound - rest,
          vector_size(rows: 1, columns: rest * layout.channels))
      }
    }
  }

  private func apply(
    _ gradients: vector_rows, to inputGradient: HostTensor<Float>, firstPixel: Int, _ size: vector_size
  ) {
    vector_batch_normalization_backward_apply(
      inputGradient.rows(from: firstPixel, in: layout), input.rows(from: firstPixel, in: layout), gradients, size,
      constants.normalization(activation), constants[3], constants[4])
  }
}
