import CVectorLoops
import Glibc
import Synchronization

extension ThreadPool {
  typealias Body = (_ index: Int, _ worker: Int) -> Void

  /// What the threads of a pool share.
  ///
  /// One 64-bit ticket holds the loop's number (upper half) and how many of its indices nobody has taken yet (lower
  /// half). A thread takes an index by lowering the ticket with compare-and-exchange, so it can never take one of a
  /// loop that is over, and a thread that slept through a loop is not waited for.
  ///
  /// `@unchecked Sendable`: `body` and `count` are plain memory. The caller writes them before it stores the ticket
  /// (releasing); others read them only after they took an index from that ticket (acquiring), and the caller does not
  /// go on before each of them has counted its indices into `completed`.
  final class State: @unchecked Sendable {
    private let ticket = Atomic<UInt64>(0)
    /// Indices whose body has returned.
    private let completed = Atomic<Int>(0)
    /// Threads that sleep until there is work.
    private let sleepers = Atomic<Int>(0)
    /// Whether the caller sleeps until the last index is done.
    private let callerSleeps = Atomic<Bool>(false)
    private let stopped = Atomic<Bool>(false)
    private var body: UnsafePointer<Body>?
    private var count = 0

    private let turn = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let workArrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let workDone = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Looks at the ticket before going to sleep: some tens of microseconds, longer than the serial code between two
    /// loops of a training step and about as long as a wake-up takes.
    private static let spins = 2000

    init() {
      pthread_mutex_init(turn, nil)
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(workArrived, nil)
      pthread_cond_init(workDone, nil)
    }

    deinit {
      pthread_cond_destroy(workDone)
      pthread_cond_destroy(workArrived)
      pthread_mutex_destroy(mutex)
      pthread_mutex_destroy(turn)
      workDone.deallocate()
      workArrived.deallocate()
      mutex.deallocate()
      turn.deallocate()
    }

    func lockTurn() { pthread_mutex_lock(turn) }
    func unlockTurn() { pthread_mutex_unlock(turn) }

    /// The caller's part of a loop.
    func run(count: Int, body: UnsafePointer<Body>) {
      self.body = body
      self.count = count
      completed.store(0, ordering: .relaxed)
      let loop = (ticket.load(ordering: .relaxed) >> 32) &+ 1
      ticket.store(loop << 32 | UInt64(UInt32(count)), ordering: .sequentiallyConsistent)
      // A thread counts itself a sleeper before it looks at the ticket a last time, and this looks at the sleepers
      // after it has set the ticket: one of the two sees the other.
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(workArrived)
        pthread_mutex_unlock(mutex)
      }
      takePart(worker: 0)
      waitForOthers()
      self.body = nil
    }

    /// A thread's whole life.
    func work(worker: Int) {
      while true {
        var spins = 0
        while !hasWork && !stopped.load(ordering: .relaxed) {
          spins += 1
          if spins < Self.spins {
            processor_pause()
          } else {
            sleep()
            spins = 0
          }
        }
        if stopped.load(ordering: .acquiring) { return }
        takePart(worker: worker)
      }
    }

    func stop() {
      pthread_mutex_lock(mutex)
      stopped.store(true, ordering: .sequentiallyConsistent)
      pthread_cond_broadcast(workArrived)
      pthread_mutex_unlock(mutex)
    }

    private var hasWork: Bool { UInt32(truncatingIfNeeded: ticket.load(ordering: .sequentiallyConsistent)) > 0 }

    /// Takes an index: the ticket before it was taken, or nil where none is left.
    @inline(__always)
    private func take() -> UInt64? {
      var seen = ticket.load(ordering: .relaxed)
      while UInt32(truncatingIfNeeded: seen) > 0 {
        let (exchanged, original) = ticket.weakCompareExchange(
          expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
        if exchanged { return seen }
        seen = original
      }
      return nil
    }

    /// Works on the current loop until no index is left.
    private func takePart(worker: Int) {
      guard let first = take() else { return }
      // An index is taken, so the loop lasts until it is counted as completed.
      let count = self.count
      var done = 0
      if let body = self.body?.pointee {
        var remaining = Int(UInt32(truncatingIfNeeded: first))
        while true {
          body(count - remaining, worker)
          done += 1
          guard let next = take() else { break }
          remaining = Int(UInt32(truncatingIfNeeded: next))
        }
      }
      if completed.add(done, ordering: .sequentiallyConsistent).newValue == count,
        callerSleeps.load(ordering: .sequentiallyConsistent)
      {
        pthread_mutex_lock(mutex)
        pthread_cond_signal(workDone)
        pthread_mutex_unlock(mutex)
      }
    }

    private func waitForOthers() {
      var spins = 0
      while completed.load(ordering: .acquiring) != count {
        spins += 1
        if spins < Self.spins {
          processor_pause()
          continue
        }
        pthread_mutex_lock(mutex)
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        while completed.load(ordering: .sequentiallyConsistent) != count { pthread_cond_wait(workDone, mutex) }
        callerSleeps.store(false, ordering: .relaxed)
        pthread_mutex_unlock(mutex)
      }
    }

    private func sleep() {
      pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while !hasWork && !stopped.load(ordering: .sequentiallyConsistent) { pthread_cond_wait(workArrived, mutex) }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      pthread_mutex_unlock(mutex)
    }
  }
}
