/// Binary cross-entropy on logits against one constant target t, mean over all elements of
/// max(z, 0) − z t + log(1 + exp(−|z|)); its derivative is (sigmoid(z) − t) / count.
/// `loss[0] += weight-free loss`, so that a host can read the sum over many steps at once; with `gradient`, also
/// `gradient = weight · ∂loss/∂logits` (added to what is there with `accumulate`).
public struct BinaryCrossEntropy: Operation {
  public static let name = "BinaryCrossEntropy"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`; may be a slice of channels.
  public let logits: Tensor
  /// t, in 0...1.
  public let target: Float
  /// One element, added to.
  public let loss: Tensor
  /// Same shape as `logits`; may be a slice of channels.
  public let gradient: Tensor?
  /// Factor of the gradient; the reported loss is without it.
  public let weight: Float
  /// Add to `gradient` instead of overwriting it.
  public let accumulate: Bool

  public init(
    logits: Tensor, target: Float, loss: Tensor, gradient: Tensor? = nil, weight: Float = 1, accumulate: Bool = false
  ) {
    self.logits = logits
    self.target = target
    self.loss = loss
    self.gradient = gradient
    self.weight = weight
    self.accumulate = accumulate
  }

  public var reads: [Tensor] { [logits, loss, accumulate ? gradient : nil].compactMap { $0 } }
  public var writes: [Tensor] { [loss, gradient].compactMap { $0 } }
  public var floatingPointOperations: Int { 10 * logits.shape.count }

  public func validate() throws(BackendError) {
    try requireSameShape([logits, gradient].compactMap { $0 })
    try requireVector(loss, count: 1)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
