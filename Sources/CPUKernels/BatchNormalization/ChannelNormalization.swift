import CVectorLoops
import Runtime

/// output = activation((input − mean) · factor + shift) with a mean, factor and shift per channel that change from run
/// to run, and the pooling of the output where there is one.
struct ChannelNormalization {
  private let input: HostTensor<Float>
  private let output: HostTensor<Float>
  private let layout: ChannelLayout
  private let activation: vector_activation
  private let pooling: FusedPooling?
  /// Center, factor and offset.
  private let constants: ChannelConstants

  init(
    _ layout: ChannelLayout, input: HostTensor<Float>, output: HostTensor<Float>, activation: Activation?,
    pooling: FusedPooling? = nil, _ binding: inout Binding
  ) {
    self.layout = layout
    self.input = input
    self.output = output
    self.activation = vector_activation(activation)
    self.pooling = pooling
    constants = ChannelConstants(layout, kinds: 3, &binding)
  }

  @inline(__always)
  func set(_ channel: Int, mean: Double, factor: Double, shift: Double) {
    let center = Float(mean)
    constants[0][channel] = center
    constants[1][channel] = Float(factor)
    // The offset holds the rounding error of the center; it matters where the mean is far larger than the deviation.
    constants[2][channel] = Float(shift - (mean - Double(center)) * factor)
  }

  func run(on pool: ThreadPool) {
    constants.repeatFolds(kinds: 3)
    let blocks = layout.rowBlocks
    pool.run(count: blocks.count) { index, _ in
      let pixels = blocks[index]
      let rows = pixels.count / layout.folds
      apply(firstPixel: pixels.lowerBound, rows: rows, columns: layout.columns)
      let rest = pixels.count - rows * layout.folds
      if rest > 0 { apply(firstPixel: pixels.upperBound - rest, rows: 1, columns: rest * layout.channels) }
      pooling?.pool(pixels, of: output)
    }
  }

  private func apply(firstPixel: Int, rows: Int, columns: Int) {
    vector_batch_normalization_apply(
      output.rows(from: firstPixel, in: layout), input.rows(from: firstPixel, in: layout),
      vector_size(rows: rows, columns: columns), constants.normalization(activation))
  }
}
