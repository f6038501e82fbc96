import Synchronization
import Testing

@testable import Imaging

private final class Counts: Sendable {
  private let counts: Mutex<[Int]>
  init(_ count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }
  func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
  var values: [Int] { counts.withLock { $0 } }
}

@Suite("Loops on all cores")
struct ParallelTests {
  @Test("Each index runs once", arguments: [0, 1, 2, 7, 1000])
  func eachIndexOnce(count: Int) {
    let counts = Counts(count)
    Parallel.forEach(count) { counts.add($0) }
    #expect(counts.values == Array(repeating: 1, count: count))
  }

  @Test("Loops run inside of loops")
  func nested() {
    let counts = Counts(30 * 40)
    Parallel.forEach(30) { outer in
      Parallel.forEach(40) { inner in counts.add(40 * outer + inner) }
    }
    #expect(counts.values == Array(repeating: 1, count: 30 * 40))
  }

  @Test("Results are in the order of the indices")
  func order() {
    #expect(Parallel.map(5..<905) { $0 * $0 } == (5..<905).map { $0 * $0 })
    #expect(Parallel.map(3..<3) { $0 }.isEmpty)
  }
}
