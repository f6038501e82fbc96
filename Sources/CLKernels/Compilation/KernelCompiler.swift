import Files
import Runtime

/// The programs of a backend: those that are built, and those that launches wait for, which are built on all cores when
/// the first of these launches runs.
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

  /// Compiles what is expected, on as many threads or processes as there are cores, and reports on it.
  ///
  /// What fails is left to `kernel(_:in:)`, which throws for the launch that is concerned.
  func compileExpected() {
    guard !expected.isEmpty else { return }
    let kept = device.compilesAtLaunch ? PoCL.keptKernels() : nil
    var jobs: [(source: ProgramSource, job: CompilationJob)] = []
    for source in expected {
      guard let job = try? job(for: source, kernels: kernels[source] ?? []) else { continue }
      if let kept, cache?.holds(Self.question(job, kept: kept), for: device) ?? false { continue }
      jobs.append((source, job))
    }
    expected = []
    kernels = [:]
    guard !jobs.isEmpty else { return }
    // The longest first, so that the last ones, when not all threads have work, are short.
    jobs.sort { $0.job.text.utf8.count > $1.job.text.utf8.count }

    let run = CompilationRun(jobs.map(\.job), programs: jobs.map { programs[$0.source] })
    let cores = ProcessorCount.usable
    let helpers =
      kept == nil ? [] : CompilationHelper.start(min(cores - 1, jobs.count / 4), for: device)
    run.run(
      threads: device.compilesAtLaunch ? 1 : cores, helpers: helpers, in: context, on: queue, cache: cache)
    for (index, (source, job)) in jobs.enumerated() {
      if let program = run.programs[index] { programs[source] = program }
      if let kept, run.isCompiled[index] { cache?.keep(Self.question(job, kept: kept), for: device) }
    }
  }

  private func job(for source: ProgramSource, kernels: [KernelForm]) throws(BackendError) -> CompilationJob {
    CompilationJob(
      name: source.file, text: try sources.text(of: source.file), options: source.options, kernels: kernels)
  }

  /// The question to which the cache keeps the answer, for drivers that keep compiled kernels themselves.
  /// - Parameter folder: where the driver keeps them. Without it, it has none.
  private static func question(_ job: CompilationJob, kept folder: String) -> String {
    let folder = Folder.exists(folder) ? folder : ""
    return "these kernels are in \(folder):\n\(job.identity)"
  }
}
