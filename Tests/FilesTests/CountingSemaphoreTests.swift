import Files
import Testing

@Suite("Semaphores")
struct CountingSemaphoreTests {
  @Test("A signal ends a wait, and is kept for a later one")
  func signal() {
    let semaphore = CountingSemaphore()
    let start = ContinuousClock.now
    let thread = WorkerThread { semaphore.signal() }
    thread?.join()
    semaphore.signal()
    semaphore.wait(seconds: 60)
    semaphore.wait(seconds: 60)
    #expect(thread != nil && start.duration(to: .now) < .seconds(60))
  }

  @Test("A wait without a signal lasts as long as it may")
  func timeout() {
    let start = ContinuousClock.now
    CountingSemaphore().wait(seconds: 0.05)
    #expect(start.duration(to: .now) >= .milliseconds(49))
  }
}
