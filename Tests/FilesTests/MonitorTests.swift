import Testing

@testable import Files

@Suite("State that threads wait for")
struct MonitorTests {
  @Test("A thread that waits goes on once the state allows it")
  func waiting() throws {
    let monitor = Monitor<[Int]>([])
    let thread = try #require(
      WorkerThread {
        for number in 0..<100 {
          // Only after the other thread's answer to the number before.
          monitor.wait { numbers -> Void? in
            guard numbers.count == 2 * number else { return nil }
            return numbers.append(number)
          }
        }
      })
    for number in 0..<100 {
      monitor.wait { numbers -> Void? in
        guard numbers.count == 2 * number + 1 else { return nil }
        return numbers.append(-number)
      }
    }
    thread.join()
    #expect(monitor.withLock { $0 } == (0..<100).flatMap { [$0, -$0] })
  }

  @Test("Changes of several threads are not lost")
  func counting() throws {
    let monitor = Monitor(0)
    let threads = try (0..<4).map { _ in
      try #require(WorkerThread { for _ in 0..<1000 { monitor.withLock { $0 += 1 } } })
    }
    #expect(monitor.wait { $0 == 4000 ? $0 : nil } == 4000)
    for thread in threads { thread.join() }
  }
}
