import CMessagePassing

/// Sums of vectors in pairs, as the binary tree over replicas and ranks consists of.
public enum TreeSum {
  /// Adds a vector to another one of the same length.
  public static func add(_ term: UnsafeBufferPointer<Float>, to sum: UnsafeMutableBufferPointer<Float>) {
    precondition(term.count == sum.count, "vectors of \(term.count) and \(sum.count) elements")
    guard let term = term.baseAddress, let start = sum.baseAddress else { return }
    add_floats(start, term, sum.count)
  }
}
