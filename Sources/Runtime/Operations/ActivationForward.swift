/// `output = activation(input)`, element by element. `output` may be `input` itself.
public struct ActivationForward: Operation {
  public static let name = "Activation"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`
  public let input: Tensor
  /// `[N, H, W, C]`
  public let output: Tensor
  public let activation: Activation

  public init(
    input: Tensor,
    output: Tensor,
    activation: Activation
  ) {
    self.input = input
    self.output = output
    self.activation = activation
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { input.shape.count }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
