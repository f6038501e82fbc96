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
    geometry.multiplyAdds(output: output.shape, inputChannels: input.shape.channels) * 2
  }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
