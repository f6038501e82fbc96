import Files
import Runtime

/// The programs of a backend: those that are built, and those that launches wait for, which are built on all cores when
/// the first of these launches is prepared or runs.
final class KernelCompiler {
  private let context: CLContext
  private let queue: CLQueue
  private let sources: KernelSources
  private let cache: CLProgramCache?
  private var programs: [ProgramSource: CLProgram] = [:]
  /// The programs that launches wait for, in the order in which they were bound.
  private var expected: [ProgramSource] = []
  /// The kernels of these programs that are to be compiled; none where building a program compiles all of them.
  private var kernels: [ProgramSource: [KernelForm]] = [:]
  /// The kernels that were once expected, by program.
  private var known: [ProgramSource: Set<String>] = [:]
  private var device: CLDevice { context.device }

  /// - Parameter queue: of the device, for the launches that compile.
  init(context: CLContext, queue: CLQueue, sources: KernelSources, cache: CLProgramCache?) {
    self.context = context
    self.queue = queue
    self.sources = sources
    self.cache = cache
  }

  /// Returns a new kernel object, after building its program if that is still to be done.
  func kernel(_ name: String, in source: ProgramSource) throws(BackendError) -> CLKernel {
    if let program = programs[source] { return try CLKernel(name, in: program) }
    let program = try job(for: source, kernels: []).build(in: context, cache: cache)
    programs[source] = program
    return try CLKernel(name, in: program)
  }

  /// Notes that a launch will run this kernel.
  func expect(_ kernel: KernelForm, of source: ProgramSource) {
    if device.compilesAtLaunch {
      guard known[source, default: []].insert(kernel.identity).inserted else { return }
      kernels[source, default: []].append(kernel)
    } else {
      guard programs[source] == nil, known[source] == nil else { return }
      known[source] = []
    }
    if !expected.contains(source) { expected.append(source) }
  }

  /// Compiles what is expected, on as many threads or processes as there are cores and the driver allows, and reports
  /// on it.
  ///
  /// Failures are left to `kernel(_:in:)`, which throws for the launch that is concerned.
  func compileExpected() {
    var jobs: [(source: ProgramSource, job: CompilationJob)] = []
    for source in expected {
      if let job = try? job(for: source, kernels: kernels[source] ?? []) { jobs.append((source, job)) }
    }
    expected = []
    kernels = [:]
    guard !jobs.isEmpty else { return }
    // The longest first, so that the last ones, when not all threads have work, are short.
    jobs.sort { $0.job.text.utf8.count > $1.job.text.utf8.count }

    // Where the driver has kept everything, programs are soon built one by one.
    let asked = question(jobs.map(\.job))
    if let asked, cache?.holds(asked, for: device) ?? false { return }
    let cores = ProcessorCount.usable
    let helpers = asked == nil ? [] : CompilationHelper.start(min(cores - 1, jobs.count / 4), for: device)
    let run = CompilationRun(jobs.map(\.job), programs: jobs.map { programs[$0.source] })
    let threads = device.compilesAtLaunch ? 1 : device.buildsOnAnyThread ? cores : 0
    run.run(threads: threads, helpers: helpers, in: context, on: queue, cache: cache)
    for (index, (source, _)) in jobs.enumerated() {
      if let program = run.programs[index] { programs[source] = program }
    }
    // Asked again, as the folder may be there only now.
    if run.isCompiled.allSatisfy(\.self), let answered = question(jobs.map(\.job)) {
      cache?.keep(answered, for: device)
    }
  }

  private func job(for source: ProgramSource, kernels: [KernelForm]) throws(BackendError) -> CompilationJob {
    CompilationJob(
      name: source.file, text: try sources.text(of: source.file), options: source.options, kernels: kernels)
  }

  /// Fewer programs are not worth another process.
  private static let leastJobsWithHelp = 8

  /// Returns whether the driver has kept what these jobs compile, as a question to which the cache keeps the answer;
  /// nil where it keeps nothing, and for few jobs, which are done again as quickly.
  private func question(_ jobs: [CompilationJob]) -> String? {
    guard device.compilesAtLaunch, jobs.count >= Self.leastJobsWithHelp, let kept = PoCL.keptKernels() else {
      return nil
    }
    // A folder that was removed has nothing.
    let folder = Folder.exists(kept) ? kept : ""
    return (["these kernels are in \(folder):"] + jobs.map(\.identity)).joined(separator: "\n")
  }
}
