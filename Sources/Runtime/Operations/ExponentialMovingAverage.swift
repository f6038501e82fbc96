/// One step of an exponential moving average over flat memory (Polyak and Juditsky 1992; Karras et al. 2018, section 3
/// for a generator's weights):
///
/// average ← average + (1 − decay) · (values − average)
///
/// Both tensors are vectors of the same count.
public struct ExponentialMovingAverage: Operation {
  public static let name = "ExponentialMovingAverage"
  public var pass: Pass { .forward }

  public let values: Tensor
  public let average: Tensor
  /// 0...1; 0 makes the average the values.
  public let decay: Variable<Float>

  public init(values: Tensor, average: Tensor, decay: Variable<Float>) {
    self.values = values
    self.average = average
    self.decay = decay
  }

  public var reads: [Tensor] { [values, average] }
  public var writes: [Tensor] { [average] }
  public var floatingPointOperations: Int { 3 * values.shape.count }

  public func validate() throws(BackendError) {
    for tensor in reads { try requireVector(tensor, count: values.shape.count) }
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
