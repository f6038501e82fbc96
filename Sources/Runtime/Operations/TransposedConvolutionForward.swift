/// Transposed convolution: output(n, y, x, k) = bias(k) + Σ input(n, v, u, c) · weights(i, j, c, k) over all (v, u, i, j) with
/// y = v · stride + i − padding and x = u · stride + j − padding.
///
/// The output's size is the output tensor's: (H − 1) · stride − 2 · padding + kernel + output padding.
public struct TransposedConvolutionForward: Operation {
  public static let name = "TransposedConvolution"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`
  public let input: Tensor
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`
  public let weights: Tensor
  /// `[K]`
  public let bias: Tensor?
  /// `[N, H′, W′, K]`; may be a slice of channels.
  public let output: Tensor
  /// Of the convolution whose data gradient this is.
  public let geometry: ConvolutionGeometry

  public init(
    input: Tensor,
    weights: Tensor,
    bias: Tensor?,
    output: Tensor,
    geometry: ConvolutionGeometry
  ) {
    self.input = input
    self.weights = weights
    self.bias = bias
    self.output = output
    self.geometry = geometry
  }

  public var reads: [Tensor] { [input, weights] + (bias.map { [$0] } ?? []) }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int {
    geometry.multiplyAdds(output: input.shape, inputChannels: output.shape.channels) * 2
  }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
