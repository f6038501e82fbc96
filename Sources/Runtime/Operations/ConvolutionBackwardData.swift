/// Gradient of a convolution's input.
public struct ConvolutionBackwardData: Operation {
  public static let name = "Convolution"
  public var pass: Pass { .backwardData }

  /// `[N, H′, W′, K]`; may be a slice of channels.
  public let outputGradient: Tensor
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`
  public let weights: Tensor
  /// `[N, H, W, C]`, overwritten; may be a slice of channels.
  public let inputGradient: Tensor
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
    geometry.multiplyAdds(output: outputGradient.shape, inputChannels: inputGradient.shape.channels) * 2
  }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
