import Glibc
import Runtime

/// Batch normalization's gradient in double precision throughout, for tensors of a few pixels.
///
/// The input's gradient is g less its mean and its component along x̂. With two pixels nearly nothing remains, and in
/// single precision that would be rounding errors.
struct FewPixelGradients {
  private let input: HostTensor<Float>
  private let outputGradient: HostTensor<Float>
  private let pooling: FusedPooling?
  private let inputGradient: HostTensor<Float>
  private let activation: Activation?

  /// Most pixels for which this is used. With more, enough of g remains.
  static let pixelLimit = 8

  init(_ operation: BatchNormalizationBackward, _ binding: inout Binding) throws(BackendError) {
    input = try binding.float32(operation.input)
    outputGradient = try binding.float32(operation.outputGradient)
    pooling = try FusedPooling(operation.pooling, of: operation.outputGradient, &binding)
    inputGradient = try binding.float32(operation.inputGradient)
    activation = operation.activation
  }

  /// Writes one channel of the input's gradient and returns Σ g and Σ g · x̂.
  func run(channel: Int, scale: Double, shift: Double, mean: Double, inverseDeviation: Double)
    -> (shiftGradient: Double, scaleGradient: Double)
  {
    var sum = 0.0
    var productSum = 0.0
    for pixel in 0..<input.pixelCount {
      let (g, normalized) = terms(pixel, channel, scale, shift, mean, inverseDeviation)
      sum += g
      productSum += g * normalized
    }
    let count = Double(input.pixelCount)
    for pixel in 0..<input.pixelCount {
      let (g, normalized) = terms(pixel, channel, scale, shift, mean, inverseDeviation)
      inputGradient.pixel(pixel)[channel] = Float(
        scale * inverseDeviation * (g - sum / count - normalized * productSum / count))
    }
    return (sum, productSum)
  }

  /// Returns g and x̂ of one element.
  private func terms(
    _ pixel: Int, _ channel: Int, _ scale: Double, _ shift: Double, _ mean: Double, _ inverseDeviation: Double
  ) -> (g: Double, normalized: Double) {
    let x = Double(input.pixel(pixel)[channel])
    let gradient =
      Double(outputGradient.pixel(pixel)[channel])
      + Double(pooling?.gradient(pixel: pixel, channel: channel) ?? 0)
    let normalized = (x - mean) * inverseDeviation
    let z = scale * normalized + shift
    switch activation {
    case nil:
      return (gradient, normalized)
    case .leakyReLU(let slope):
      return (z > 0 ? gradient : gradient * Double(slope), normalized)
    case .tanh:
      let y = tanh(z)
      return (gradient * (1 - y * y), normalized)
    case .sigmoid:
      let y = 1 / (1 + exp(-z))
      return (gradient * y * (1 - y), normalized)
    }
  }
}
