import Files
import Synchronization

/// Loops on all cores.
///
/// Without Dispatch, which waits for ever where the system grants it no thread, and ends the process where no file
/// descriptor is free. Here the calling thread does what no other thread does.
package enum Parallel {
  /// Threads at work beside those that called. Loops inside of loops share the cores.
  private static let helperCount = Atomic<Int>(0)

  /// The indices of a loop that are not taken yet.
  private final class Indices: Sendable {
    private let taken = Atomic<Int>(0)
    private let count: Int

    init(count: Int) { self.count = count }

    /// Takes the next index; nil where none is left.
    func next() -> Int? {
      let index = taken.add(1, ordering: .relaxed).oldValue
      return index < count ? index : nil
    }
  }

  /// Runs `body` once for each index in `0..<count`, and returns when all are done.
  ///
  /// `body` runs on several threads at a time and yet is not `@Sendable`, so that it can write through pointers, each
  /// index to elements of its own. The caller must ensure that data which two indices share is only read.
  /// - Parameter threadCount: The number of threads, as far as the system grants them; nil for those of cores that no
  ///   other loop uses.
  package static func forEach(_ count: Int, threadCount: Int? = nil, _ body: (_ index: Int) -> Void) {
    let indices = Indices(count: count)
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        // Unsafe for the compiler only: all threads have ended when this returns.
        nonisolated(unsafe) let body = body
        let work: @Sendable () -> Void = {
          while let index = indices.next() { body.pointee(index) }
        }
        var helpers: [WorkerThread] = []
        while helpers.count + 1 < min(count, threadCount ?? .max), takeHelper(isForced: threadCount != nil) {
          let helper = WorkerThread {
            work()
            returnHelper()
          }
          guard let helper else {
            returnHelper()
            break
          }
          helpers.append(helper)
        }
        work()
        for helper in helpers { helper.join() }
      }
    }
  }

  /// Returns the results of `body` for all indices, in order.
  package static func map<Result>(_ indices: Range<Int>, _ body: @Sendable (Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: indices.count) { results, count in
      // Unsafe for the compiler only: every index writes an element of its own.
      nonisolated(unsafe) let start = results.baseAddress
      forEach(indices.count) { index in
        if let start { (start + index).initialize(to: body(indices.lowerBound + index)) }
      }
      count = indices.count
    }
  }

  /// Runs `body`, which waits and computes nothing. Loops of other threads may use this one's core meanwhile.
  package static func leavingCore<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    returnHelper()
    defer { helperCount.add(1, ordering: .relaxed) }
    return try body()
  }

  private static func takeHelper(isForced: Bool) -> Bool {
    let isFree = helperCount.add(1, ordering: .relaxed).newValue < ProcessorCount.usable
    if isFree || isForced { return true }
    returnHelper()
    return false
  }

  private static func returnHelper() { helperCount.subtract(1, ordering: .relaxed) }
}
