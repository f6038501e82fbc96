import CMessagePassing
import Files
import Glibc
import Synchronization

/// The thread that moves the messages of a communicator's jobs, all side by side, and the jobs that it is given.
final class Exchange: Sendable {
  private struct State {
    /// Jobs that the thread has not taken yet, in their order.
    var submitted: [Submitted] = []
    var jobCount = 0
    /// The numbers of jobs that have not ended.
    var unfinished: Set<Int> = []
    var secondsWaited = 0.0
    /// The numbers of jobs that ended with `failure`.
    var failed: Set<Int> = []
    /// Why no messages come any more.
    var failure: MessagePassingError?
    /// The thread's knowledge of the exchange when it has joined.
    var ranks: Ranks?
    /// The exit code with which the thread is to end all ranks.
    var exitCode: Int32?
    var thread: WorkerThread?
  }

  private struct Submitted {
    let number: Int
    let job: any Job
    /// Whether the thread ends with it.
    let isLast: Bool
  }

  /// This process among the others.
  struct Ranks {
    let rank: Int
    let rankCount: Int
    /// The lowest rank on this machine.
    let host: Int
  }

  private let state = Monitor(State())
  /// Counts the changes of the state that concern the thread, which sees without the lock when there is none.
  private let requestCount = Atomic(0)
  /// How many callers wait for a job.
  private let waiterCount = Atomic(0)
  /// Signaled when the thread has joined.
  private let hasJoined = CountingSemaphore()
  /// The most seconds that a message may take; infinite for no limit.
  private let timeLimit: Double

  init(timeLimit: Double) { self.timeLimit = timeLimit }

  /// Starts the thread, and waits until it has joined the ranks. Called once.
  func start(_ join: @escaping Transport.Join) throws(MessagePassingError) -> Ranks {
    guard let thread = WorkerThread({ self.run(join) }) else { throw .call(reason: "the system grants no thread") }
    state.withLock { $0.thread = thread }
    let start = ContinuousClock.now
    while true {
      let (ranks, failure) = state.withLock { ($0.ranks, $0.failure) }
      if let failure {
        thread.join()
        throw failure
      }
      if let ranks { return ranks }
      let seconds = timeLimit - start.duration(to: .now) / .seconds(1)
      guard seconds > 0 else { throw .silence(of: "a rank did not start", seconds: timeLimit) }
      hasJoined.wait(seconds: min(seconds, 3600))
    }
  }

  /// Seconds that callers have waited for jobs.
  var secondsWaited: Double { state.withLock { $0.secondsWaited } }

  /// Gives the thread a job. Returns the job's number.
  /// - Parameters:
  ///   - isLast: Whether the thread ends with the job.
  ///   - job: Makes the job with its number.
  func submit(isLast: Bool = false, _ job: (_ number: Int) -> any Job) -> Int {
    let number = state.withLock { state in
      let number = state.jobCount
      state.jobCount += 1
      state.unfinished.insert(number)
      state.submitted.append(Submitted(number: number, job: job(number), isLast: isLast))
      return number
    }
    requestCount.wrappingAdd(1, ordering: .releasing)
    return number
  }

  /// Waits until a job has ended.
  func wait(for number: Int) throws(MessagePassingError) {
    let start = ContinuousClock.now
    waiterCount.wrappingAdd(1, ordering: .relaxed)
    let failure: MessagePassingError?? = state.wait { state in
      if state.unfinished.contains(number) { return nil }
      return .some(state.failed.contains(number) ? state.failure : nil)
    }
    waiterCount.wrappingSubtract(1, ordering: .relaxed)
    state.withLock { $0.secondsWaited += start.duration(to: .now) / .seconds(1) }
    if let failure = failure ?? nil { throw failure }
  }

  /// Gives the thread its last job, and waits until both have ended.
  func end(_ job: any Job) throws(MessagePassingError) {
    let number = submit(isLast: true) { _ in job }
    defer { state.withLock { $0.thread }?.join() }
    try wait(for: number)
  }

  /// Has the thread end the processes of all ranks, which takes a moment.
  func abort(exitCode: Int32) {
    state.withLock { $0.exitCode = exitCode }
    requestCount.wrappingAdd(1, ordering: .releasing)
  }
}

// MARK: The thread

extension Exchange {
  /// A job under way.
  private struct Active {
    let number: Int
    let job: any Job
    let isLast: Bool
    /// When it last got on.
    var time: ContinuousClock.Instant
  }

  /// Jobs that failed, of all exchanges of the process. Their memory stays to its end, since other processes may still
  /// write there.
  private static let abandoned = Monitor<[any Job]>([])

  private func run(_ join: Transport.Join) {
    let transport: Transport
    do {
      transport = try Transport(join)
    } catch {
      state.withLock { $0.failure = error }
      hasJoined.signal()
      return
    }
    state.withLock { $0.ranks = Ranks(rank: transport.rank, rankCount: transport.rankCount, host: transport.host) }
    hasJoined.signal()
    defer { transport.deallocate() }

    var active: [Active] = []
    var seenRequests = 0
    var emptyLooks: UInt32 = 0
    var failure: MessagePassingError?
    while true {
      if active.isEmpty || requestCount.load(ordering: .acquiring) != seenRequests {
        seenRequests = requestCount.load(ordering: .acquiring)
        let (submitted, exitCode) = take(waiting: active.isEmpty)
        if let exitCode { transport.abort(exitCode: exitCode) }
        active += submitted.map { Active(number: $0.number, job: $0.job, isLast: $0.isLast, time: .now) }
        emptyLooks = 0
      }
      do throws(MessagePassingError) {
        if let failure { throw failure }
        let (hasMoved, isLast) = try advance(&active, on: transport)
        if isLast { return }
        emptyLooks = hasMoved ? 0 : emptyLooks &+ 1
        if !active.isEmpty { polling_pause(emptyLooks, waiterCount.load(ordering: .relaxed) > 0 ? 1 : 0) }
      } catch {
        // With messages under way in an unknown state, none can be trusted any more. Jobs after them start none.
        if failure == nil { Self.abandoned.withLock { $0 += active.map(\.job) } }
        failure = error
        for entry in active { entry.job.end(error) }
        state.withLock { state in
          state.failure = error
          for entry in active {
            state.unfinished.remove(entry.number)
            state.failed.insert(entry.number)
          }
        }
        if active.contains(where: \.isLast) { return }
        active = []
      }
    }
  }

  /// Takes the jobs that were submitted and the exit code that was asked for.
  /// - Parameter isWaiting: Whether to wait until there is something.
  private func take(waiting isWaiting: Bool) -> ([Submitted], exitCode: Int32?) {
    state.wait { state in
      guard !isWaiting || !state.submitted.isEmpty || state.exitCode != nil else { return nil }
      defer { state.submitted = [] }
      return (state.submitted, state.exitCode)
    }
  }

  /// Moves the jobs on and takes out those that have ended.
  private func advance(
    _ active: inout [Active], on transport: Transport
  ) throws(MessagePassingError) -> (hasMoved: Bool, isLast: Bool) {
    var hasMoved = false, isLast = false
    var index = 0
    while index < active.count {
      switch try active[index].job.advance(on: transport) {
      case .none:
        if active[index].job.hasTimeLimit, active[index].time.duration(to: .now) / .seconds(1) > timeLimit {
          let sender = active[index].job.peer.map { "rank \($0) sent nothing" } ?? "a rank sent nothing"
          throw .silence(of: sender, seconds: timeLimit)
        }
        index += 1
      case .some:
        active[index].time = .now
        hasMoved = true
        index += 1
      case .ended:
        let ended = active.remove(at: index)
        ended.job.end(nil)
        state.withLock { _ = $0.unfinished.remove(ended.number) }
        hasMoved = true
        isLast = isLast || ended.isLast
      }
    }
    return (hasMoved, isLast)
  }
}
