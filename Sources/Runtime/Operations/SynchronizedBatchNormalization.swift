/// The moments of the parts of a batch, of as many pixels each, joined to the moments of all pixels by a binary tree,
/// neighbors first (Chan, Golub and LeVeque 1983):
///
/// mean = (mean₀ + mean₁) / 2;  variance = (variance₀ + variance₁) / 2 + ((mean₀ − mean₁) / 2)²
///
/// No sum of squares is formed, so it is as exact far from zero as near it.
public struct MomentsJoin: Operation {
  public static let name = "MomentsJoin"
  public var pass: Pass { .forward }

  /// The means and the biased variances of each part, `[parts, 1, 2, C]`, dense; the number of parts is a power of two.
  /// Those of the first part become those of all, the others' those of subtrees.
  public let moments: Tensor

  public init(_ moments: Tensor) { self.moments = moments }

  public var reads: [Tensor] { [moments] }
  public var writes: [Tensor] { [moments] }
  public var floatingPointOperations: Int { 4 * moments.shape.count }

  public func validate() throws(BackendError) {
    let shape = moments.shape
    try require(.float32, in: moments)
    try require(
      shape.batch.nonzeroBitCount == 1 && shape.height == 1 && shape.width == 2,
      "tensor \(moments.storage.name) is \(shape), not the moments of 2ⁿ parts")
    try requireDense(moments)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// The first half of a batch normalization's gradients where the batch is one of several parts: this part's ∂γ and ∂β,
/// and its shares of the means over the pixels of all parts, m, from which the second half computes the input's
/// gradient:
///
/// ∂β = Σ g;  ∂γ = Σ g x̂;  means = (∂β / m, ∂γ / m), with g and x̂ of `BatchNormalizationBackward`.
///
/// The shares of all parts are to be added up in between.
public struct BatchNormalizationGradientMeans: Operation {
  public static let name = BatchNormalizationForward.name
  public var pass: Pass { .backward }

  /// Both halves in one; `inputGradient` is left as it is.
  public let gradients: BatchNormalizationBackward
  /// m
  public let population: Int
  /// `[1, 1, 2, C]`, without what `gradients` may add ∂γ and ∂β to.
  public let means: Tensor

  public init(_ gradients: BatchNormalizationBackward, population: Int, means: Tensor) {
    self.gradients = gradients
    self.population = population
    self.means = means
  }

  public var reads: [Tensor] { gradients.reads }
  public var writes: [Tensor] { [gradients.scaleGradient, gradients.shiftGradient, means] }
  public var floatingPointOperations: Int { 7 * gradients.input.shape.count }

  public func validate() throws(BackendError) {
    try gradients.validate()
    try requireStatistics(means, channels: gradients.input.shape.channels)
    try require(
      population >= gradients.input.shape.pixelCount, "means over \(population) pixels of \(gradients.input.shape)")
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// The second half of a batch normalization's gradients where the batch is one of several parts:
///
/// inputGradient = γ · inverseDeviation · (g − means₀ − x̂ · means₁), with g and x̂ of `BatchNormalizationBackward`.
public struct BatchNormalizationInputGradient: Operation {
  public static let name = BatchNormalizationForward.name
  public var pass: Pass { .backward }

  /// Both halves in one; the gradients of scale and shift are left as they are.
  public let gradients: BatchNormalizationBackward
  /// The means over the pixels of all parts of g and of g x̂, `[1, 1, 2, C]`.
  public let means: Tensor

  public init(_ gradients: BatchNormalizationBackward, means: Tensor) {
    self.gradients = gradients
    self.means = means
  }

  public var reads: [Tensor] { gradients.valuesRead + [means] }
  public var writes: [Tensor] { [gradients.inputGradient] }
  public var floatingPointOperations: Int { 9 * gradients.input.shape.count }

  public func validate() throws(BackendError) {
    try gradients.validate()
    try requireStatistics(means, channels: gradients.input.shape.channels)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
