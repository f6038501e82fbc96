/// Sends each output gradient to the place of its maximum; every other element gets 0.
public struct MaxPoolingBackward: Operation {
  public static let name = "MaxPooling"
  public var pass: Pass { .backward }

  /// `[N, H / window, W / window, C]`
  public let outputGradient: Tensor
  /// What the forward pass wrote.
  public let indices: Tensor
  /// `[N, H, W, C]`; may be a slice of channels.
  public let inputGradient: Tensor
  /// Add to `inputGradient` instead of overwriting it.
  public let accumulate: Bool
  public let window: Int

  public init(
    outputGradient: Tensor,
    indices: Tensor,
    inputGradient: Tensor,
    accumulate: Bool = false,
    window: Int = 2
  ) {
    self.outputGradient = outputGradient
    self.indices = indices
    self.inputGradient = inputGradient
    self.accumulate = accumulate
    self.window = window
  }

  public var reads: [Tensor] { [outputGradient, indices] + (accumulate ? [inputGradient] : []) }
  public var writes: [Tensor] { [inputGradient] }
  public var floatingPointOperations: Int { inputGradient.shape.count }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
