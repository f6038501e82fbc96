import Dispatch

/// Work on all cores.
enum Parallel {
  /// What `body` gives for every index, in order.
  static func map<Result>(_ indices: Range<Int>, _ body: @Sendable (Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: indices.count) { results, count in
      // Unsafe, but every iteration writes an element of its own.
      nonisolated(unsafe) let start = results.baseAddress
      DispatchQueue.concurrentPerform(iterations: indices.count) { iteration in
        if let start { (start + iteration).initialize(to: body(indices.lowerBound + iteration)) }
      }
      count = indices.count
    }
  }
}
