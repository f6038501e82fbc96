/// Transposed convolution: output(n, y, x, k) = bias(k) + Σ input(n, v, u, c) · weights(i, j, c, k) over all (v, u, i,
/// j) with y = v · stride + i − padding and x = u · stride + j − padding.
///
/// The output's size is the output tensor's: (H − 1) · stride − 2 · padding + kernel + output padding.
public struct TransposedConvolutionForward: ConvolutionOperation {
  public static let name = "TransposedConvolution"
  public let problem: ConvolutionProblem

  /// - Parameters:
  ///   - input: `[N, H, W, C]`
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`, dense.
  ///   - bias: `[K]`; none where nil.
  ///   - output: `[N, H′, W′, K]`; may be a slice of channels.
  ///   - geometry: of the convolution whose data gradient this is.
  public init(input: Tensor, weights: Tensor, bias: Tensor?, output: Tensor, geometry: ConvolutionGeometry) {
    problem = ConvolutionProblem(
      target: .image, image: output, map: input, weights: weights, bias: bias, geometry: geometry, weightsInput: .map)
  }
}

/// Gradient of a transposed convolution's input: a plain convolution of the output's gradient.
public struct TransposedConvolutionBackwardData: ConvolutionOperation {
  public static let name = TransposedConvolutionForward.name
  public let problem: ConvolutionProblem

  /// - Parameters:
  ///   - outputGradient: `[N, H′, W′, K]`; may be a slice of channels.
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`, dense.
  ///   - inputGradient: `[N, H, W, C]`, overwritten.
  ///   - geometry: of the convolution whose data gradient the forward pass is.
  public init(outputGradient: Tensor, weights: Tensor, inputGradient: Tensor, geometry: ConvolutionGeometry) {
    problem = ConvolutionProblem(
      target: .map, image: outputGradient, map: inputGradient, weights: weights, geometry: geometry, weightsInput: .map)
  }
}

/// Gradients of a transposed convolution's weights and bias.
public struct TransposedConvolutionBackwardFilter: ConvolutionOperation {
  public static let name = TransposedConvolutionForward.name
  public let problem: ConvolutionProblem

  /// - Parameters:
  ///   - input: `[N, H, W, C]`
  ///   - outputGradient: `[N, H′, W′, K]`; may be a slice of channels.
  ///   - weightsGradient: `[kernelHeight, kernelWidth, C, K]`, dense.
  ///   - biasGradient: `[K]`; not computed where nil.
  ///   - geometry: of the convolution whose data gradient the forward pass is.
  ///   - accumulate: add to the gradients instead of overwriting them.
  public init(
    input: Tensor, outputGradient: Tensor, weightsGradient: Tensor, biasGradient: Tensor?,
    geometry: ConvolutionGeometry, accumulate: Bool = false
  ) {
    problem = ConvolutionProblem(
      target: .weights, image: outputGradient, map: input, weights: weightsGradient, bias: biasGradient,
      geometry: geometry, weightsInput: .map, accumulate: accumulate)
  }
}
