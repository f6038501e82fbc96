import CPUKernels
import Files
import Imaging
import Runtime
import Server
import Synchronization

/// The work of the server's threads: coloring, and what needs pictures decoded or encoded. Requests wait in a queue of
/// limited length; a picture waits until its memory is free.
final class ColoringQueue: Sendable {
  /// A piece of work.
  struct Job: Sendable {
    let id: Int
    let isQuick: Bool
    let run: @Sendable (Memory) -> Void
  }

  private struct State {
    /// Those of a few milliseconds, which go first, and the others.
    var quick: [Job] = []
    var waiting: [Job] = []
    var runningCount = 0
    var nextID = 1
    var isStopped = false
    /// Bytes that pictures take now, and the number of those pictures.
    var byteCount = 0
    var pictureCount = 0
    /// Seconds that a job took, a mean that forgets.
    var seconds = 0.5
  }

  private let state = Monitor(State())
  /// Most jobs that wait.
  private let limit: Int
  private let threadCount: Int
  /// Bytes for the pictures that are worked on at a time.
  private let memory: Int
  private let threads = Mutex<[WorkerThread]>([])

  init(limit: Int = 64, threadCount: Int = ThreadPool.defaultWorkerCount, memory: Int) {
    self.limit = limit
    self.threadCount = threadCount
    self.memory = memory
  }

  /// Starts the threads.
  func start() {
    threads.withLock { threads in
      while threads.count < threadCount, let thread = WorkerThread({ self.work() }) { threads.append(thread) }
    }
  }

  /// Ends the threads once their jobs are done; those that wait are dropped.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      state.waiting = []
      state.quick = []
    }
    let ended = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in ended { thread.join() }
  }

  /// Adds a job.
  /// - Returns: Its number; nil where too many wait.
  func add(isQuick: Bool = false, _ run: @escaping @Sendable (Memory) -> Void) -> Int? {
    state.withLock { state in
      guard !state.isStopped, state.waiting.count + state.quick.count < limit else { return nil }
      let job = Job(id: state.nextID, isQuick: isQuick, run: run)
      state.nextID += 1
      if isQuick { state.quick.append(job) } else { state.waiting.append(job) }
      return job.id
    }
  }

  /// Drops a job that waits. One that runs goes on.
  func drop(_ id: Int) {
    // The jobs are released without the lock, as another thread may wait for their answers.
    let dropped = state.withLock { state in
      let dropped = (state.quick + state.waiting).filter { $0.id == id }
      state.quick.removeAll { $0.id == id }
      state.waiting.removeAll { $0.id == id }
      return dropped
    }
    withExtendedLifetime(dropped) {}
  }

  /// Whether a further job can wait.
  var hasRoom: Bool { state.withLock { $0.waiting.count + $0.quick.count < limit } }

  /// The numbers of the jobs that wait, in their order.
  var waiting: [Int] { state.withLock { $0.waiting.map(\.id) } }

  /// Seconds after which there may be room in the queue.
  var secondsUntilRoom: Int {
    state.withLock { state in max(1, Int((state.seconds * Double(limit) / Double(4 * threadCount)).rounded(.up))) }
  }

  private func work() {
    while let job = next() {
      let start = ContinuousClock.now
      let memory = Memory(self)
      job.run(memory)
      memory.release()
      let seconds = start.secondsUntilNow
      state.withLock { state in
        state.runningCount -= 1
        if !job.isQuick { state.seconds += (seconds - state.seconds) / 8 }
      }
    }
  }

  private func next() -> Job? {
    Parallel.leavingCore {
      state.wait { state -> Job?? in
        if state.isStopped { return .some(nil) }
        let job =
          state.quick.isEmpty ? (state.waiting.isEmpty ? nil : state.waiting.removeFirst()) : state.quick.removeFirst()
        guard let job else { return nil }
        state.runningCount += 1
        return job
      }
    }
  }

  /// The memory of a job's picture.
  final class Memory: Sendable {
    private let queue: ColoringQueue
    private let taken = Mutex<Int?>(nil)

    fileprivate init(_ queue: ColoringQueue) { self.queue = queue }

    /// Waits until the memory is free, or no other picture has any. Called by the job's thread.
    func admit(_ byteCount: Int) {
      guard taken.withLock({ $0 == nil }) else { return }
      Parallel.leavingCore {
        queue.state.wait { state -> Void? in
          guard state.pictureCount == 0 || byteCount <= queue.memory - state.byteCount else { return nil }
          state.pictureCount += 1
          state.byteCount += byteCount
          return ()
        }
      }
      taken.withLock { $0 = byteCount }
    }

    fileprivate func release() {
      guard let byteCount = taken.withLock({ $0 }) else { return }
      queue.state.withLock { state in
        state.pictureCount -= 1
        state.byteCount -= byteCount
      }
    }
  }
}

extension ColoringQueue {
  /// Does work on a thread of the queue. Where the client goes while the work waits, it is not done; work for nil is done
  /// in any case.
  /// - Throws: `ServerBusy` where too many jobs wait; `CancellationError` where the client goes, or the server ends;
  ///   what `body` throws.
  func perform<Result: Sendable>(
    for client: ClientConnection?, isQuick: Bool = false, _ body: @escaping @Sendable (Memory) throws -> Result
  ) async throws -> Result {
    defer { client?.whenClosed(nil) }
    return try await withCheckedThrowingContinuation { continuation in
      // Continued once: by the job, or, where it is dropped, when its closure is released.
      let answer = JobAnswer(continuation)
      let id = add(isQuick: isQuick) { memory in answer.finish(Swift.Result { try body(memory) }) }
      if let id {
        client?.whenClosed { self.drop(id) }
      } else {
        answer.finish(.failure(busy))
      }
    }
  }

  /// The error of a request for which there is no room.
  var busy: ServerBusy { ServerBusy(seconds: secondsUntilRoom) }
}

/// There are too many requests at a time.
struct ServerBusy: Error {
  /// Seconds after which there may be room.
  let seconds: Int
}

/// The answer of a job to the one who waits for it, which is given even where the job is dropped.
private final class JobAnswer<Result: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Result, any Error>?>

  init(_ continuation: CheckedContinuation<Result, any Error>) { self.continuation = Mutex(continuation) }

  func finish(_ result: Swift.Result<Result, any Error>) {
    let waiting = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    waiting?.resume(with: result)
  }

  deinit {
    continuation.withLock { $0?.resume(throwing: CancellationError()) }
  }
}
