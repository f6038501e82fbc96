/// Gradient of a transposed convolution's input: a plain convolution of the output's gradient.
public struct TransposedConvolutionBackwardData: Operation {
  public static let name = "TransposedConvolution"
  public var pass: Pass { .backwardData }

  /// `[N, H′, W′, K]`; may be a slice of channels.
  public let outputGradient: Tensor
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`
  public let weights: Tensor
  /// `[N, H, W, C]`, overwritten.
  public let inputGradient: Tensor
  /// Of the convolution whose data gradient this is.
  public let geometry: ConvolutionGeometry

  public init(
    outputGradient: Tensor,
    weights: Tensor,
    inputGradient: Tensor,
    geometry: ConvolutionGeometry
  ) {
    self.outputGradient = outputGradient
    self.weights = weights
    self.inputGradient = inputGradient
    self.geometry = geometry
  }

  public var reads: [Tensor] { [outputGradient, weights] }
  public var writes: [Tensor] { [inputGradient] }
  public var floatingPointOperations: Int {
    geometry.multiplyAdds(output: inputGradient.shape, inputChannels: outputGradient.shape.channels) * 2
  }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
