/// Gradient of `UpsamplingForward`: each input gathers what it gave to the outputs.
public struct UpsamplingBackward: Operation {
  public static let name = "Upsampling"
  public var pass: Pass { .backward }

  /// `[N, H · factor, W · factor, C]`
  public let outputGradient: Tensor
  /// `[N, H, W, C]`
  public let inputGradient: Tensor
  public let mode: UpsamplingMode
  public let factor: Int

  public init(
    outputGradient: Tensor,
    inputGradient: Tensor,
    mode: UpsamplingMode,
    factor: Int = 2
  ) {
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.mode = mode
    self.factor = factor
  }

  public var reads: [Tensor] { [outputGradient] }
  public var writes: [Tensor] { [inputGradient] }
  public var floatingPointOperations: Int { (mode == .bilinear ? 8 : 1) * outputGradient.shape.count }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
