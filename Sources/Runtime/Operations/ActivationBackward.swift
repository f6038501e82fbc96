/// `inputGradient = outputGradient · activation′`, with the derivative taken from the output: tanh 1 − y², sigmoid
/// y (1 − y), LeakyReLU 1 where y > 0 and the slope elsewhere. `inputGradient` may be `outputGradient` itself.
public struct ActivationBackward: Operation {
  public static let name = "Activation"
  public var pass: Pass { .backward }

  /// What the forward pass wrote, `[N, H, W, C]`.
  public let output: Tensor
  public let outputGradient: Tensor
  public let inputGradient: Tensor
  public let activation: Activation

  public init(
    output: Tensor,
    outputGradient: Tensor,
    inputGradient: Tensor,
    activation: Activation
  ) {
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.activation = activation
  }

  public var reads: [Tensor] { [output, outputGradient] }
  public var writes: [Tensor] { [inputGradient] }
  public var floatingPointOperations: Int { 3 * output.shape.count }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
