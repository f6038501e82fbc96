/// Convolution (cross-correlation, as every framework's): output(n, y, x, k) = bias(k) +
/// Σ input(n, y · stride + i − padding, x · stride + j − padding, c) · weights(i, j, c, k), zero outside the image.
public struct ConvolutionForward: Operation {
  public static let name = "Convolution"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`; may be a slice of channels.
  public let input: Tensor
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`
  public let weights: Tensor
  /// `[K]`
  public let bias: Tensor?
  /// `[N, H′, W′, K]`; may be a slice of channels.
  public let output: Tensor
  /// What a batch normalization of the output wants to know, `[1, 1, 2, K]` dense: each channel's mean over all pixels of
  /// the output, then each channel's biased variance. Written while the output is still at hand; not computed where nil.
  public let statistics: Tensor?
  public let geometry: ConvolutionGeometry

  public init(
    input: Tensor,
    weights: Tensor,
    bias: Tensor?,
    output: Tensor,
    statistics: Tensor? = nil,
    geometry: ConvolutionGeometry
  ) {
    self.input = input
    self.weights = weights
    self.bias = bias
    self.output = output
    self.statistics = statistics
    self.geometry = geometry
  }

  public var reads: [Tensor] { [input, weights] + (bias.map { [$0] } ?? []) }
  public var writes: [Tensor] { [output] + (statistics.map { [$0] } ?? []) }
  public var floatingPointOperations: Int {
    geometry.multiplyAdds(output: output.shape, inputChannels: input.shape.channels) * 2
      + (statistics == nil ? 0 : 4 * output.shape.count)
  }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
