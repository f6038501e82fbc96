/// L1 loss: mean over all elements of |prediction − target|; its derivative at 0 is 0.
/// `loss[0] += weight-free loss`, so that a host can read the sum over many steps at once; with `gradient`, also
/// `gradient = weight · ∂loss/∂prediction` (added to what is there with `accumulate`).
public struct L1Loss: Operation {
  public static let name = "L1Loss"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`; may be a slice of channels.
  public let prediction: Tensor
  /// Same shape.
  public let target: Tensor
  /// One element, added to.
  public let loss: Tensor
  /// Same shape as `prediction`; may be a slice of channels.
  public let gradient: Tensor?
  /// Factor of the gradient; the reported loss is without it.
  public let weight: Float
  /// Add to `gradient` instead of overwriting it.
  public let accumulate: Bool

  public init(
    prediction: Tensor,
    target: Tensor,
    loss: Tensor,
    gradient: Tensor? = nil,
    weight: Float = 1,
    accumulate: Bool = false
  ) {
    self.prediction = prediction
    self.target = target
    self.loss = loss
    self.gradient = gradient
    self.weight = weight
    self.accumulate = accumulate
  }

  public var reads: [Tensor] { [prediction, target, loss] + ((accumulate ? gradient : nil).map { [$0] } ?? []) }
  public var writes: [Tensor] { [loss] + (gradient.map { [$0] } ?? []) }
  public var floatingPointOperations: Int { 5 * prediction.shape.count }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
