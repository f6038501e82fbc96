import Glibc

/// Threads that stay, one per usable core, the caller among them, and share out the indices of one loop at a time.
///
/// A loop costs two small allocations on the calling thread and none per index. Loops that several threads start at
/// once take turns. A body must not start another loop on the same pool.
public final class ThreadPool: Sendable {
  /// Threads that work on a loop, the caller included. `worker` in a body is below this.
  public let workerCount: Int
  private let state: State
  private let threads: [pthread_t]

  /// A pool of `workerCount` threads, by default the number that `RECOLOR_THREADS` says, or one per usable core.
  public init(workerCount requested: Int? = nil) {
    let wanted = max(1, requested ?? Self.defaultWorkerCount)
    let state = State()
    var threads: [pthread_t] = []
    for worker in 1..<wanted {
      guard let thread = Self.startThread(state, worker: worker) else { break }
      threads.append(thread)
    }
    self.state = state
    self.threads = threads
    // Fewer than asked for where the system grants no more threads.
    self.workerCount = threads.count + 1
  }

  deinit {
    state.stop()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Runs `body(index, worker)` once for each index in `0 ..< count`, on all threads, and returns when all are done.
  ///
  /// Threads take indices one by one, so which worker gets which index changes from run to run: results must not
  /// depend on it. No two calls with the same `worker` overlap, so scratch memory per worker is safe.
  ///
  /// `body` runs on several threads at a time and yet is not `@Sendable`: bodies write through pointers, each index to
  /// elements of its own, and the compiler, which cannot see that, would have every pointer marked unsafe at every call.
  /// So it is the caller who answers for it: what two indices share is only read, or is atomic. What a body captures
  /// outlives it, as this returns after the last call of it.
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

  /// `RECOLOR_THREADS`, or the cores that this process may use.
  public static var defaultWorkerCount: Int {
    if let text = getenv("RECOLOR_THREADS"), let count = Int(String(cString: text)), count > 0 { return count }
    return usableCoreCount
  }

  private static func startThread(_ state: State, worker: Int) -> pthread_t? {
    let start = Unmanaged.passRetained(ThreadStart(state: state, worker: worker))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
        start.state.work(worker: start.worker)
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      start.release()
      return nil
    }
    return thread
  }

  private final class ThreadStart {
    let state: State
    let worker: Int
    init(state: State, worker: Int) {
      self.state = state
      self.worker = worker
    }
  }
}
