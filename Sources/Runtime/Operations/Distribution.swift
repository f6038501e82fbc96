/// What random numbers are drawn from.
public enum Distribution: Hashable, Sendable {
  /// Uniform on `[low, high)`.
  case uniform(low: Float, high: Float)
  case normal(mean: Float, deviation: Float)
}
