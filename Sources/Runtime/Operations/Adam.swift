/// One step of Adam over flat memory (Kingma and Ba 2015, algorithm 1, in PyTorch's order of operations):
///
/// m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;
/// p ← p − (learningRate / (1 − β₁ᵗ)) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// All four tensors are vectors of the same count. The caller counts `step` up from 1.
public struct Adam: Operation {
  public static let name = "Adam"
  public var pass: Pass { .forward }

  public let parameters: Tensor
  public let gradients: Tensor
  /// m
  public let firstMoment: Tensor
  /// v
  public let secondMoment: Tensor
  public let learningRate: Variable<Float>
  /// t, from 1.
  public let step: Variable<Int>
  /// β₁ and β₂ in double precision: 1 − β₂ taken from a `Float` would be off by 1e-5.
  public let beta1: Double
  public let beta2: Double
  public let epsilon: Float

  public init(
    parameters: Tensor, gradients: Tensor, firstMoment: Tensor, secondMoment: Tensor, learningRate: Variable<Float>,
    step: Variable<Int>, beta1: Double, beta2: Double, epsilon: Float = 1e-8
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
    self.learningRate = learningRate
    self.step = step
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  public var reads: [Tensor] { [parameters, gradients, firstMoment, secondMoment] }
  public var writes: [Tensor] { [parameters, firstMoment, secondMoment] }
  public var floatingPointOperations: Int { 12 * parameters.shape.count }

  public func validate() throws(BackendError) {
    for tensor in reads { try requireVector(tensor, count: parameters.shape.count) }
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
