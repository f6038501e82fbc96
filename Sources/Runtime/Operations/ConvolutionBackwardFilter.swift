/// Gradient of a convolution's weights, and of its bias.
public struct ConvolutionBackwardFilter: Operation {
  public static let name = "Convolution"
  public var pass: Pass { .backwardFilter }

  /// `[N, H, W, C]`; may be a slice of channels.
  public let input: Tensor
  /// `[N, H′, W′, K]`; may be a slice of channels.
  public let outputGradient: Tensor
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`
  public let weightsGradient: Tensor
  /// `[K]`; without it that gradient is not computed.
  public let biasGradient: Tensor?
  public let geometry: ConvolutionGeometry
  /// Add to the gradients instead of overwriting them.
  public let accumulate: Bool

  public init(
    input: Tensor,
    outputGradient: Tensor,
    weightsGradient: Tensor,
    biasGradient: Tensor?,
    geometry: ConvolutionGeometry,
    accumulate: Bool = false
  ) {
    self.input = input
    self.outputGradient = outputGradient
    self.weightsGradient = weightsGradient
    self.biasGradient = biasGradient
    self.geometry = geometry
    self.accumulate = accumulate
  }

  public var reads: [Tensor] { [input, outputGradient] + (accumulate ? writes : []) }
  public var writes: [Tensor] { [weightsGradient] + (biasGradient.map { [$0] } ?? []) }
  public var floatingPointOperations: Int {
    geometry.multiplyAdds(output: outputGradient.shape, inputChannels: input.shape.channels) * 2
  }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
