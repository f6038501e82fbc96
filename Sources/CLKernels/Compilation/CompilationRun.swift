import Files
import Runtime
import Synchronization

/// A number of jobs that threads of this process, and helpers, take one by one.
final class CompilationRun {
  private let jobs: [CompilationJob]
  /// The programs that this process has built, by job; those that exist before are used.
  private(set) var programs: [CLProgram?]
  /// Whether everything that a job asks for is compiled, by job.
  private(set) var isCompiled: [Bool]

  init(_ jobs: [CompilationJob], programs: [CLProgram?]) {
    self.jobs = jobs
    self.programs = programs
    isCompiled = [Bool](repeating: false, count: jobs.count)
  }

  /// The jobs that no thread has taken, and those that are done.
  private final class Counters: Sendable {
    private let taken = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    private let changed = CountingSemaphore()
    let count: Int

    init(count: Int) { self.count = count }

    /// Takes a job for the calling thread; nil where none is left.
    func take() -> Int? {
      let index = taken.add(1, ordering: .relaxed).oldValue
      return index < count ? index : nil
    }

    func finish() {
      done.add(1, ordering: .relaxed)
      changed.signal()
    }

    var doneCount: Int { done.load(ordering: .relaxed) }

    /// Waits for the end of a job, a tenth of a second at most.
    func wait() { changed.wait(seconds: 0.1) }
  }

  /// Runs all jobs and returns when they are done.
  /// - Parameters:
  ///   - threads: threads of this process that compile; 0 compiles on the caller's, without reports in between.
  ///   - helpers: processes that compile; this process can load what they have compiled.
  ///   - queue: for the launches of drivers that compile at the launch, which must be idle.
  func run(
    threads threadCount: Int, helpers: [CompilationHelper], in context: CLContext, on queue: CLQueue,
    cache: CLProgramCache?
  ) {
    let start = ContinuousClock.now
    let counters = Counters(count: jobs.count)
    let jobs = jobs
    programs.withUnsafeMutableBufferPointer { programs in
      isCompiled.withUnsafeMutableBufferPointer { isCompiled in
        // Unsafe for the compiler only: each job has elements of its own, OpenCL's functions may be called by several
        // threads, and all threads have ended when this returns.
        nonisolated(unsafe) let (programs, isCompiled, context, queue) = (programs, isCompiled, context, queue)
        let compile: @Sendable () -> Void = {
          while let index = counters.take() {
            isCompiled[index] = Self.compile(jobs[index], &programs[index], in: context, on: queue, cache: cache)
            counters.finish()
          }
        }
        let helped = helpers.compactMap { helper in
          WorkerThread {
            // Jobs after the helper's death are for the other threads.
            while helper.isAlive, let index = counters.take() {
              isCompiled[index] = helper.compile(jobs[index])
              counters.finish()
            }
          }
        }
        var threads: [WorkerThread] = []
        while threads.count < min(threadCount, jobs.count), let thread = WorkerThread(compile) {
          threads.append(thread)
        }
        func report() {
          CompilationProgress(done: counters.doneCount, total: jobs.count, seconds: start.secondsUntilNow).report()
        }
        // Also where the system grants no thread.
        if threads.isEmpty { compile() }
        while counters.doneCount < jobs.count {
          counters.wait()
          report()
        }
        for thread in helped + threads { thread.join() }
        report()
      }
    }
  }

  /// Builds a program, unless it exists, and compiles its kernels. Returns whether that succeeded.
  private static func compile(
    _ job: CompilationJob, _ program: inout CLProgram?, in context: CLContext, on queue: CLQueue,
    cache: CLProgramCache?
  ) -> Bool {
    do throws(BackendError) {
      if program == nil { program = try job.build(in: context, cache: cache) }
      if let program { try job.compileKernels(of: program, on: queue) }
      return true
    } catch {
      return false
    }
  }
}
