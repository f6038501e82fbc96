/// How close the results of a method come to the true sums.
struct MethodAccuracy {
  /// Largest error on random data, relative to the largest element of the result.
  let tolerance: Double
  /// Whether it only multiplies and adds the numbers that it is given, so that sums of small whole numbers have no error at all.
  let isExactOnWholeNumbers: Bool

  /// Products and sums in float, in whatever order.
  static let plain = MethodAccuracy(tolerance: 1e-5, isExactOnWholeNumbers: true)
}
