import CVectorLoops
import Files
import Glibc
import Runtime
import Synchronization

/// A pool of threads, one per usable core including the caller's, that run the indices of one loop at a time.
///
/// A loop costs two small allocations on the calling thread and none per index. Loops that several threads start at
/// once take turns. A body must not start another loop on the same pool.
public final class ThreadPool: Sendable {
  /// Threads that work on a loop, the caller included. `worker` in a body is below this.
  public let workerCount: Int
  private let state: State
  private let threads: [WorkerThread]

  /// A pool of `workerCount` threads, by default the number that `RECOLOR_THREADS` says, or one per usable core.
  public init(workerCount requested: Int? = nil) {
    let wanted = max(1, requested ?? Self.defaultWorkerCount)
    let state = State(workerCount: wanted)
    var threads: [WorkerThread] = []
    for worker in 1..<wanted {
      guard let thread = WorkerThread({ state.work(worker: worker) }) else { break }
      threads.append(thread)
    }
    self.state = state
    self.threads = threads
    // Fewer than asked for where the system grants no more threads.
    self.workerCount = threads.count + 1
  }

  deinit {
    state.stop()
    for thread in threads { thread.join() }
  }

  /// Runs `body(index, worker)` once for each index in `0 ..< count`, on all threads, and returns when all are done.
  ///
  /// Each thread begins with an equal share of neighboring indices, always the same one, so that loops over the images
  /// of a batch find in a core's caches what that core has written; a thread that is done takes indices of others. So
  /// which worker gets which index may change from run to run: results must not depend on it. No two calls with the same
  /// `worker` overlap, so scratch memory per worker is safe.
  ///
  /// `body` runs on several threads at a time and yet is not `@Sendable`: bodies write through pointers, each index to
  /// elements of its own, which the compiler cannot verify: it would require every pointer to be marked unsafe at every
  /// call. The caller must ensure that data which two indices share is only read, or is atomic. This returns after the
  /// last call of `body`.
  public func run(count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    if count <= 1 || workerCount == 1 {
      state.lockTurn()
      for index in 0..<max(count, 0) { body(index, 0) }
      state.unlockTurn()
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        state.lockTurn()
        state.run(count: count, body: body)
        state.unlockTurn()
      }
    }
  }

  /// `RECOLOR_THREADS`, or the cores that this process may use. Logs a warning where the former is no number of
  /// threads.
  public static var defaultWorkerCount: Int {
    let usable = usableCoreCount
    guard let text = getenv("RECOLOR_THREADS").map({ String(cString: $0) }), !text.isEmpty else { return usable }
    let (count, warning) = workerCount(requested: text, usable: usable)
    if let warning { Remarks.warning(warning) }
    return count
  }

  /// Returns the number of threads that a value of `RECOLOR_THREADS` asks for, and what is wrong with it.
  /// - Parameter usable: the number of cores, which is the answer where the value is no number of threads.
  static func workerCount(requested text: String, usable: Int) -> (count: Int, warning: String?) {
    guard let count = Int(text), count > 0 else {
      return (usable, "RECOLOR_THREADS=\(text) is no number of threads from 1 on; left out")
    }
    let largest = max(largestWorkerCount, usable)
    guard count <= largest else { return (largest, "RECOLOR_THREADS=\(text) is too many; \(largest) are started") }
    return (count, nil)
  }

  /// The most threads that `RECOLOR_THREADS` starts on a machine with fewer cores: more take memory and gain nothing.
  private static let largestWorkerCount = 256
}

extension ThreadPool {
  typealias Body = (_ index: Int, _ worker: Int) -> Void

  /// Indices of a loop that one worker begins with and that are not taken yet.
  ///
  /// A worker takes the first, others the last, both by compare-and-exchange of the whole range. The exchange succeeds
  /// only if the range is unchanged, so the index belongs to the current loop even if the thread read the range during
  /// an earlier one.
  private struct Share: ~Copyable {
    /// The first index (upper half) and the end (lower half).
    private let range = Atomic<UInt64>(0)
    /// Keeps the shares in cache lines of their own, and out of the pairs of lines that are prefetched together.
    private let padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    func set(_ indices: Range<Int>) {
      range.store(
        UInt64(UInt32(indices.lowerBound)) << 32 | UInt64(UInt32(indices.upperBound)), ordering: .releasing)
    }

    /// Takes the first or the last index; nil where none is left.
    @inline(__always)
    func take(last: Bool) -> Int? {
      var seen = range.load(ordering: .relaxed)
      while true {
        let (first, end) = (UInt32(truncatingIfNeeded: seen >> 32), UInt32(truncatingIfNeeded: seen))
        guard first < end else { return nil }
        let (exchanged, original) = range.weakCompareExchange(
          expected: seen, desired: last ? seen - 1 : seen + 1 << 32, ordering: .acquiringAndReleasing)
        if exchanged { return Int(last ? end - 1 : first) }
        seen = original
      }
    }
  }

  /// The state that the threads of a pool share.
  ///
  /// A loop does not wait for a thread that sleeps: the others take its share.
  ///
  /// `@unchecked Sendable`: `body` and `count` are plain memory. The caller writes them before it stores the shares
  /// (releasing); others read them only after they took an index from one of those (acquiring), and the caller does not
  /// go on before each of them has counted its indices into `completed`.
  final class State: @unchecked Sendable {
    private let shares: UnsafeMutablePointer<Share>
    private let workerCount: Int
    /// The number of the current loop.
    private let loop = Atomic<UInt64>(0)
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

    /// Checks of the loop's number before a thread sleeps: some tens of microseconds, longer than the serial code between
    /// two loops of a training step and about as long as a wake-up takes.
    private static let spins = 2000

    init(workerCount: Int) {
      self.workerCount = workerCount
      shares = .allocate(capacity: workerCount)
      for worker in 0..<workerCount { (shares + worker).initialize(to: Share()) }
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
      shares.deinitialize(count: workerCount)
      shares.deallocate()
    }

    func lockTurn() { pthread_mutex_lock(turn) }
    func unlockTurn() { pthread_mutex_unlock(turn) }

    /// The caller's part of a loop.
    func run(count: Int, body: UnsafePointer<Body>) {
      self.body = body
      self.count = count
      completed.store(0, ordering: .relaxed)
      for worker in 0..<workerCount {
        shares[worker].set(count * worker / workerCount..<count * (worker + 1) / workerCount)
      }
      loop.store(loop.load(ordering: .relaxed) &+ 1, ordering: .sequentiallyConsistent)
      // A thread counts itself a sleeper before it looks at the loop's number a last time, and this looks at the sleepers
      // after it has changed the number: one of the two sees the other.
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(workArrived)
        pthread_mutex_unlock(mutex)
      }
      takePart(worker: 0)
      waitForOthers()
      self.body = nil
    }

    /// Takes part in loops until the pool is stopped.
    func work(worker: Int) {
      var seen: UInt64 = 0
      while true {
        var spins = 0
        while loop.load(ordering: .sequentiallyConsistent) == seen && !stopped.load(ordering: .relaxed) {
          spins += 1
          if spins < Self.spins {
            processor_pause()
          } else {
            sleep(while: seen)
            spins = 0
          }
        }
        if stopped.load(ordering: .acquiring) { return }
        seen = loop.load(ordering: .sequentiallyConsistent)
        takePart(worker: worker)
      }
    }

    func stop() {
      pthread_mutex_lock(mutex)
      stopped.store(true, ordering: .sequentiallyConsistent)
      pthread_cond_broadcast(workArrived)
      pthread_mutex_unlock(mutex)
    }

    /// Works on the current loop until no index is left.
    private func takePart(worker: Int) {
      var done = 0
      for offset in 0..<workerCount {
        let owner = (worker + offset) % workerCount
        while let index = shares[owner].take(last: offset > 0) {
          // An index is taken, so the loop lasts until it is counted as completed.
          guard let body = self.body?.pointee else { preconditionFailure("a loop has a body") }
          body(index, worker)
          done += 1
        }
      }
      guard done > 0 else { return }
      // Before the last index counts as completed: after that, the caller may begin another loop.
      let count = self.count
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

    /// Sleeps until the number of the current loop is another one or the pool is stopped.
    private func sleep(while seen: UInt64) {
      pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while loop.load(ordering: .sequentiallyConsistent) == seen && !stopped.load(ordering: .sequentiallyConsistent) {
        pthread_cond_wait(workArrived, mutex)
      }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      pthread_mutex_unlock(mutex)
    }
  }
}
