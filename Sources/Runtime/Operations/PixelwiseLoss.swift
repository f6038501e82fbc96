/// A loss of two tensors: the mean over all elements of an error of (prediction − target), times the pixel's weight
/// where there are `weights`.
///
/// `loss[0] += mean`, without the weight, so that a host can read the sum over many steps at once; with `gradient`,
/// also `gradient = weight · ∂mean/∂prediction` (added to what is there with `accumulate`).
public struct PixelwiseLoss: Operation {
  public static let name = "PixelwiseLoss"

  /// The error of one element, with d = prediction − target.
  public enum Kind: String, Sendable, CaseIterable {
    /// |d|, whose derivative at 0 is 0.
    case l1
    /// d²
    case meanSquared
  }

  public let kind: Kind
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`; may be a slice of channels.
  public let prediction: Tensor
  /// Same shape.
  public let target: Tensor
  /// Factors of each pixel's errors, `[N, H, W, 1]`; may be a slice of channels. Nil is 1 for all.
  public let weights: Tensor?
  /// One element, added to.
  public let loss: Tensor
  /// Same shape as `prediction`; may be a slice of channels.
  public let gradient: Tensor?
  /// Factor of the gradient; the reported loss is without it.
  public let weight: Float
  /// Add to `gradient` instead of overwriting it.
  public let accumulate: Bool

  public init(
    _ kind: Kind, prediction: Tensor, target: Tensor, weights: Tensor? = nil, loss: Tensor, gradient: Tensor? = nil,
    weight: Float = 1, accumulate: Bool = false
  ) {
    self.kind = kind
    self.prediction = prediction
    self.target = target
    self.weights = weights
    self.loss = loss
    self.gradient = gradient
    self.weight = weight
    self.accumulate = accumulate
  }

  public var reads: [Tensor] { [prediction, target, weights, loss, accumulate ? gradient : nil].compactMap { $0 } }
  public var writes: [Tensor] { [loss, gradient].compactMap { $0 } }
  public var floatingPointOperations: Int { (weights == nil ? 5 : 7) * prediction.shape.count }

  public func validate() throws(BackendError) {
    try requireSameShape([prediction, target, gradient].compactMap { $0 })
    if let weights {
      let shape = prediction.shape
      try require(.float32, in: weights)
      try requireShape(Shape(shape.batch, shape.height, shape.width, 1), of: weights)
    }
    try requireVector(loss, count: 1)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
