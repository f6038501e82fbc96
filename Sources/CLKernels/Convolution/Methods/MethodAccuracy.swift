/// How close the results of a method come to the true sums.
public struct MethodAccuracy: Sendable {
  /// Largest error on random data, relative to the largest element of the result.
  let tolerance: Double
  /// Whether it only multiplies and adds the numbers that it is given, so that sums of small whole numbers have no error at all.
  let isExactOnWholeNumbers: Bool

  /// What a test may allow that allows `tolerance` to float products; 0 where its data are whole numbers.
  public func tolerance(insteadOf tolerance: Double) -> Double {
    tolerance == 0 && isExactOnWholeNumbers ? 0 : max(tolerance, self.tolerance)
  }

  /// Products and sums in float, in whatever order.
  static let plain = MethodAccuracy(tolerance: 1e-5, isExactOnWholeNumbers: true)
}
