/// Copies consecutive runs of the input's channels into the outputs: the gradient of a concatenation.
public struct Split: Operation {
  public static let name = "Concatenation"
  public var pass: Pass { .backward }

  /// `[N, H, W, ΣCᵢ]`
  public let input: Tensor
  /// `[N, H, W, Cᵢ]` each.
  public let outputs: [Tensor]

  public init(
    input: Tensor,
    outputs: [Tensor]
  ) {
    self.input = input
    self.outputs = outputs
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { outputs }
  public var floatingPointOperations: Int { 0 }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
