/// The sum of two vectors, or one alone, times a factor:
///
/// output = factor · (first + second), or factor · first
///
/// One rounding for the sum and one for the product, which is exact where the factor is a power of two. Replicas of a
/// training step add up their gradients by it, copy running statistics and take their mean.
///
/// All tensors are vectors of the same count. `output` may be `first`.
public struct ScaledSum: Operation {
  public static let name = "ScaledSum"
  public var pass: Pass { .forward }

  public let first: Tensor
  /// Nil for a product alone; with a factor of 1, a copy.
  public let second: Tensor?
  public let factor: Float
  public let output: Tensor

  public init(_ first: Tensor, _ second: Tensor? = nil, factor: Float = 1, output: Tensor) {
    self.first = first
    self.second = second
    self.factor = factor
    self.output = output
  }

  public var reads: [Tensor] { [first, second].compactMap { $0 } }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { reads.count * output.shape.count }

  public func validate() throws(BackendError) {
    for tensor in reads + writes { try requireVector(tensor, count: output.shape.count) }
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
