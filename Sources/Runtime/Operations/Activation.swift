/// A function applied to every element.
public enum Activation: Hashable, Sendable {
  /// `max(x, slope · x)`, slope in 0...1.
  case leakyReLU(slope: Float)
  case tanh
  case sigmoid
}

/// `output = activation(input)`, element by element. `output` may be `input` itself.
public struct ActivationForward: Operation {
  public static let name = "Activation"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`
  public let input: Tensor
  /// `[N, H, W, C]`
  public let output: Tensor
  public let activation: Activation

  public init(input: Tensor, output: Tensor, activation: Activation) {
    self.input = input
    self.output = output
    self.activation = activation
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { input.shape.count }

  public func validate() throws(BackendError) { try requireSameShape([input, output]) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// `inputGradient = outputGradient · activation′`, with the derivative taken from the output: tanh 1 − y², sigmoid
/// y (1 − y), LeakyReLU 1 where y > 0 and the slope elsewhere. `inputGradient` may be `outputGradient` itself.
public struct ActivationBackward: Operation {
  public static let name = ActivationForward.name
  public var pass: Pass { .backward }

  /// Written by the forward pass, `[N, H, W, C]`.
  public let output: Tensor
  public let outputGradient: Tensor
  public let inputGradient: Tensor
  public let activation: Activation

  public init(output: Tensor, outputGradient: Tensor, inputGradient: Tensor, activation: Activation) {
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.activation = activation
  }

  public var reads: [Tensor] { [output, outputGradient] }
  public var writes: [Tensor] { [inputGradient] }
  public var floatingPointOperations: Int { 3 * output.shape.count }

  public func validate() throws(BackendError) { try requireSameShape([output, outputGradient, inputGradient]) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
