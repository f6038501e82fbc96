import Runtime

extension PlanBuilder {
  /// Emits the sum of vectors into the first of them, by a binary tree, neighbors first; the others get sums of
  /// subtrees.
  /// - Parameter terms: a power of two of them.
  func appendTreeSum(of terms: [Tensor], _ label: OperationLabel) {
    for (sum, term) in Self.treePairs(terms.count) {
      append(ScaledSum(terms[sum], terms[term], output: terms[sum]), label)
    }
  }

  /// The places of the terms of a tree's sums, the first of each pair for the sum as well, in order.
  static func treePairs(_ count: Int) -> [(sum: Int, term: Int)] {
    sequence(first: 1) { 2 * $0 }.prefix { $0 < count }.flatMap { distance in
      stride(from: 0, to: count, by: 2 * distance).map { ($0, $0 + distance) }
    }
  }
}
