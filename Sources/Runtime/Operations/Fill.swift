/// Sets every element to one value.
public struct Fill: Operation {
  public static let name = "Fill"
  public var pass: Pass { .forward }

  public let output: Tensor
  public let value: Float

  public init(output: Tensor, value: Float) {
    self.output = output
    self.value = value
  }

  public var reads: [Tensor] { [] }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { 0 }

  public func validate() throws(BackendError) { try require(.float32, in: output) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
