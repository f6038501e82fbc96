/// The distribution of random numbers.
public enum Distribution: Hashable, Sendable {
  /// Uniform on `[low, high)`.
  case uniform(low: Float, high: Float)
  case normal(mean: Float, deviation: Float)
}

/// Fills a dense tensor with Philox 4×32-10 random numbers (Salmon et al. 2011), so that a seed gives the same numbers
/// on every backend up to rounding.
///
/// Element i takes word i mod 4 of the block with counter (i / 4, 0, stream low, stream high) and key (seed low, seed
/// high). Uniform: (word >> 8) · 2⁻²⁴, scaled. Normal: Box and Muller on the words in pairs (0, 1) and (2, 3), with
/// u₁ = ((word >> 8) + 1) · 2⁻²⁴ and u₂ = (word >> 8) · 2⁻²⁴: √(−2 ln u₁) · cos 2πu₂ for the first of the pair and sin
/// for the second.
public struct RandomFill: Operation {
  public static let name = "RandomFill"
  public var pass: Pass { .forward }

  /// Dense.
  public let output: Tensor
  public let distribution: Distribution
  public let seed: UInt64
  /// Tells apart the tensors that one seed fills.
  public let stream: UInt64

  public init(output: Tensor, distribution: Distribution, seed: UInt64, stream: UInt64) {
    self.output = output
    self.distribution = distribution
    self.seed = seed
    self.stream = stream
  }

  public var reads: [Tensor] { [] }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { 0 }

  public func validate() throws(BackendError) {
    try require(.float32, in: output)
    try requireDense(output)
    try require(output.shape.count <= 1 << 34, "\(output.shape.count) numbers asked for; a stream has 2³⁴")
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
