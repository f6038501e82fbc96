import Glibc
import Runtime

/// Batch normalization's gradient in double precision throughout, for tensors of a few pixels.
///
/// The input's gradient is what is left of g when its mean and its part along x̂ are taken away. Of two pixels nearly
/// nothing is left, and in single precision that would be noise.
struct FewPixelGradients {
  let input: HostTensor<Float>
  let outputGradient: HostTensor<Float>
  let pooling: FusedPooling?
  let inputGradient: HostTensor<Float>
  let activation: Activation?

  /// Pixels up to which this is used. More leave enough of g.
  static let pixelLimit = 8

  /// One channel: Σ g and Σ g · x̂, and the input's gradient.
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
      inputGradient.pointer[pixel * inputGradient.pixelStride + channel] = Float(
        scale * inverseDeviation * (g - sum / count - normalized * productSum / count))
    }
    return (sum, productSum)
  }

  /// g and x̂ of one element.
  private func terms(
    _ pixel: Int, _ channel: Int, _ scale: Double, _ shift: Double, _ mean: Double, _ inverseDeviation: Double
  ) -> (g: Double, normalized: Double) {
    let x = Double(input.pointer[pixel * input.pixelStride + channel])
    let gradient =
      Double(outputGradient.pointer[pixel * outputGradient.pixelStride + channel])
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
