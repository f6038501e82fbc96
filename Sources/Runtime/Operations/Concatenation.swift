/// Copies the inputs' channels one after the other into the output. Free where a producer writes straight into its slice of
/// the output; this is for the rest.
public struct Concatenation: Operation {
  public static let name = "Concatenation"
  public var pass: Pass { .forward }

  /// `[N, H, W, Cᵢ]` each.
  public let inputs: [Tensor]
  /// `[N, H, W, ΣCᵢ]`
  public let output: Tensor

  public init(
    inputs: [Tensor],
    output: Tensor
  ) {
    self.inputs = inputs
    self.output = output
  }

  public var reads: [Tensor] { inputs }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { 0 }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
