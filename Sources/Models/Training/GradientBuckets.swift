import Runtime

/// The parts of a network's gradient, in the order in which a backward pass completes them, so that messages about the
/// first parts go out while the pass computes the others.
///
/// A backward pass fills the gradient from its end to its beginning, as networks declare their parameters in the order
/// of the forward pass.
struct GradientBuckets {
  /// A part of the gradient, and where it is complete.
  struct Bucket {
    /// The elements in the flat vector.
    let range: Range<Int>
    /// Number of the operation after whose predecessor the part is complete.
    let position: Int
  }

  /// In the order of their positions.
  let buckets: [Bucket]

  /// Elements of a part, or more where a parameter has more: 1 MiB. Shorter messages cost time for each of them, longer
  /// ones leave more to be done when the pass has ended.
  static let elementCount = 1 << 18

  /// Divides a gradient.
  /// - Parameters:
  ///   - gradients: the flat vector that operations write parts of.
  ///   - operations: those of the pass are among them.
  init(of gradients: TensorStorage, writtenBy operations: [any Operation], elementCount: Int = Self.elementCount) {
    // For each first element of a written part, the operation that writes there last.
    var last: [Int: Int] = [:]
    for (index, operation) in operations.enumerated() {
      for tensor in operation.writes where tensor.storage === gradients { last[tensor.offset] = index }
    }
    var buckets: [Bucket] = []
    var (end, position) = (gradients.count, 0)
    for (offset, index) in last.sorted(by: { $0.key > $1.key }) {
      position = max(position, index + 1)
      guard end - offset >= elementCount else { continue }
      buckets.append(Bucket(range: offset..<end, position: position))
      (end, position) = (offset, 0)
    }
    // The beginning, and what nothing writes there.
    if end > 0 { buckets.append(Bucket(range: 0..<end, position: max(position, buckets.last?.position ?? 0))) }
    self.buckets = buckets.sorted { ($0.position, $1.range.lowerBound) < ($1.position, $0.range.lowerBound) }
  }
}
