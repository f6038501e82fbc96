import Files
import Glibc
import Synchronization
import Testing

@testable import CPUKernels

private final class Counter: Sendable {
  private let sum = Atomic<Int>(0)
  var value: Int { sum.load(ordering: .relaxed) }
  func add(_ number: Int) { sum.add(number, ordering: .relaxed) }
}

@Suite("Thread pool")
struct ThreadPoolTests {
  @Test("Each index runs once", arguments: [1, 2, 3, 8])
  func eachIndexOnce(workerCount: Int) {
    let pool = ThreadPool(workerCount: workerCount)
    #expect(pool.workerCount == workerCount)
    for count in [0, 1, 2, 3, 17, 1000] {
      let counters = UnsafeMutablePointer<Int>.allocate(capacity: count + 1)
      counters.initialize(repeating: 0, count: count + 1)
      defer { counters.deallocate() }
      for _ in 0..<20 {
        pool.run(count: count) { index, worker in
          counters[index] += worker < workerCount && worker >= 0 ? 1 : 1_000_000
        }
      }
      #expect((0..<count).allSatisfy { counters[$0] == 20 })
      #expect(counters[count] == 0)
    }
  }

  @Test(
    "RECOLOR_THREADS that is no number of threads is left out with a warning, and too many are fewer",
    arguments: [("3", 3, nil), ("0", 2, "left out"), ("-1", 2, "left out"), ("x", 2, "left out")] + [
      ("2.5", 2, "left out"), ("99999999999999999999", 2, "left out"), ("100000", 256, "256 are started"),
    ] as [(String, Int, String?)])
  func requestedThreads(text: String, count: Int, warning: String?) {
    let found = ThreadPool.workerCount(requested: text, usable: 2)
    #expect(found.count == count)
    #expect((found.warning == nil) == (warning == nil))
    if warning != nil { #expect(found.warning?.contains("RECOLOR_THREADS=\(text) ") == true) }
    if let warning { #expect(found.warning?.contains(warning) == true) }
  }

  @Test("Scratch memory per worker is never shared by two bodies at a time")
  func workersDoNotOverlap() {
    let pool = ThreadPool(workerCount: 4)
    let sums = UnsafeMutablePointer<Int>.allocate(capacity: 64 * pool.workerCount)
    sums.initialize(repeating: 0, count: 64 * pool.workerCount)
    defer { sums.deallocate() }
    for _ in 0..<100 {
      pool.run(count: 1000) { index, worker in sums[64 * worker] += index }
    }
    let sum = (0..<pool.workerCount).reduce(0) { (sum: Int, worker: Int) -> Int in sum + sums[64 * worker] }
    let expected = 100 * 999 * 1000 / 2
    #expect(sum == expected)
  }

  @Test("The others take the indices of a thread that is held up", arguments: [2, 4])
  func heldUpThread(workerCount: Int) {
    let pool = ThreadPool(workerCount: workerCount)
    let (count, done) = (400, Counter())
    var wait = 0
    pool.run(count: count) { index, _ in
      // Neighbors of the first index, which its thread alone would never come to.
      while index == 0, done.value < count - 1, wait < 10_000 {
        usleep(1000)
        wait += 1
      }
      done.add(1)
    }
    #expect(done.value == count && wait < 10_000)
  }

  @Test("A thread begins with the first index of its share, an equal part of neighboring indices", arguments: [2, 4])
  func shares(workerCount: Int) {
    let pool = ThreadPool(workerCount: workerCount)
    let (count, share) = (workerCount * 50, 50)
    let first = UnsafeMutablePointer<Int>.allocate(capacity: 64 * workerCount)
    defer { first.deallocate() }
    for worker in 0..<workerCount { first[64 * worker] = -1 }
    let begun = Counter()
    pool.run(count: count) { index, worker in
      if first[64 * worker] >= 0 { return }
      first[64 * worker] = index
      begun.add(1)
      // Until all threads have begun, so that none finds its share taken by others.
      for _ in 0..<10_000 where begun.value < workerCount { usleep(1000) }
    }
    #expect((0..<workerCount).map { first[64 * $0] } == (0..<workerCount).map { $0 * share })
  }

  @Test("Loops from several threads take turns")
  func concurrentCallers() async {
    let pool = ThreadPool(workerCount: 3)
    let total = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<200 { pool.run(count: 7) { index, _ in total.add(index) } }
        }
      }
    }
    #expect(total.value == 4 * 200 * 21)
  }

  @Test("A pool is destroyed while its threads sleep, or right after a loop")
  func destruction() {
    for round in 0..<50 {
      let pool = ThreadPool(workerCount: 3)
      let total = Counter()
      if round % 2 == 0 { pool.run(count: 5) { _, _ in total.add(1) } }
      #expect(total.value == (round % 2 == 0 ? 5 : 0))
    }
  }

  @Test("The pool's usual size is one thread at least, and within this machine's limit")
  func usableCores() {
    #expect(ThreadPool.usableCoreCount >= 1)
    if let limit = ControlGroup.system.processorLimit { #expect(Double(ThreadPool.usableCoreCount) < limit + 1) }
  }
}
