/// Convolution (cross-correlation, as in every framework): output(n, y, x, k) = bias(k) +
/// Σ input(n, y · stride + i − padding, x · stride + j − padding, c) · weights(i, j, c, k), zero outside the image.
public struct ConvolutionForward: ConvolutionOperation {
  public static let name = "Convolution"
  public let problem: ConvolutionProblem

  /// - Parameters:
  ///   - input: `[N, H, W, C]`; may be a slice of channels.
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`, dense.
  ///   - bias: `[K]`; none where nil.
  ///   - output: `[N, H′, W′, K]`; may be a slice of channels.
  ///   - statistics: for a batch normalization of the output, `[1, 1, 2, K]` dense: each channel's mean over all pixels
  ///     of the output, then each channel's biased variance. Not computed where nil.
  public init(
    input: Tensor, weights: Tensor, bias: Tensor?, output: Tensor, statistics: Tensor? = nil,
    geometry: ConvolutionGeometry
  ) {
    problem = ConvolutionProblem(
      target: .map, image: input, map: output, weights: weights, bias: bias, statistics: statistics,
      geometry: geometry, weightsInput: .image)
  }
}

/// Gradient of a convolution's input.
public struct ConvolutionBackwardData: ConvolutionOperation {
  public static let name = ConvolutionForward.name
  public let problem: ConvolutionProblem

  /// - Parameters:
  ///   - outputGradient: `[N, H′, W′, K]`; may be a slice of channels.
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`, dense.
  ///   - inputGradient: `[N, H, W, C]`, overwritten; may be a slice of channels.
  public init(outputGradient: Tensor, weights: Tensor, inputGradient: Tensor, geometry: ConvolutionGeometry) {
    problem = ConvolutionProblem(
      target: .image, image: inputGradient, map: outputGradient, weights: weights, geometry: geometry,
      weightsInput: .image)
  }
}

/// Gradients of a convolution's weights and bias.
public struct ConvolutionBackwardFilter: ConvolutionOperation {
  public static let name = ConvolutionForward.name
  public let problem: ConvolutionProblem

  /// - Parameters:
  ///   - input: `[N, H, W, C]`; may be a slice of channels.
  ///   - outputGradient: `[N, H′, W′, K]`; may be a slice of channels.
  ///   - weightsGradient: `[kernelHeight, kernelWidth, C, K]`, dense.
  ///   - biasGradient: `[K]`; not computed where nil.
  ///   - accumulate: add to the gradients instead of overwriting them.
  public init(
    input: Tensor, outputGradient: Tensor, weightsGradient: Tensor, biasGradient: Tensor?,
    geometry: ConvolutionGeometry, accumulate: Bool = false
  ) {
    problem = ConvolutionProblem(
      target: .weights, image: input, map: outputGradient, weights: weightsGradient, bias: biasGradient,
      geometry: geometry, weightsInput: .image, accumulate: accumulate)
  }
}
