import Files
import Runtime

/// A search for the fastest algorithms of a plan's convolutions on one device, whose results are kept for the backends
/// that are opened there later.
///
/// Each algorithm must agree with the plain loops of convolution_naive.cl before it is timed.
public final class ConvolutionTuner {
  /// One convolution's pass, and the algorithm that was found for it.
  public struct Row: Sendable {
    public let key: ConvolutionKey
    /// Occurrences in a step.
    public let count: Int
    /// Time of one run with the built-in algorithm.
    public let standardMilliseconds: Double
    /// Time of one run with the fastest algorithm that was tried; one that was kept before and not tried again is used
    /// in its place.
    public let milliseconds: Double
    public let algorithm: String
    /// Whether it is another algorithm than the built-in one.
    public let isTuned: Bool
  }

  public struct Report: Sendable {
    /// The most gained first.
    public fileprivate(set) var rows: [Row] = []
    public fileprivate(set) var counts = TuningCounts()
    /// Passes that were not searched for lack of time.
    public fileprivate(set) var leftOut = 0
    /// Built-in algorithms that are wrong on this device, or do not run.
    public fileprivate(set) var broken: [String] = []

    public init() {}
  }

  public struct Progress: Sendable {
    /// The pass that is searched now.
    public let key: ConvolutionKey
    public let done: Int
    public let total: Int
    public let secondsLeft: Double
  }

  private struct Subject {
    let problem: ConvolutionProblem
    let key: ConvolutionKey
    var count: Int
    /// Time of one run with the built-in algorithm.
    var milliseconds = 0.0

    var weight: Double { milliseconds * Double(max(count, 1)) }
  }

  private let backend: CLBackend
  private let store: TuningStore?
  /// The algorithms known before, and those found.
  private var tuning: Tuning
  private let isReset: Bool
  /// The passes whose entries this search has decided.
  private var touched: Set<ConvolutionKey> = []
  private var report = Report()

  /// - Parameters:
  ///   - precision: of the backends that are to use the algorithms; nil for the device's default.
  ///   - store: where algorithms are kept; nil to keep none.
  ///   - reset: forget what was found before.
  /// - Throws: `BackendError` where the device cannot be opened.
  public init(
    device: CLDevice, precision: Precision? = .float32, sources: KernelSources = .standard(),
    cache: CLProgramCache? = .standard(), store: TuningStore?,
    reset: Bool = false
  ) throws(BackendError) {
    backend = try CLBackend(
      device: device, algorithms: AlgorithmChoice(), precision: precision, profiling: true, sources: sources,
      cache: cache, tuningStore: nil)
    guard let identity = TuningIdentity(device, backend.precision, sources) else {
      throw .library(name: "libcrypto", reason: "computes no SHA-256")
    }
    self.store = store
    isReset = reset
    tuning = reset ? Tuning(identity) : store?.tuning(for: device, identity) ?? Tuning(identity)
  }

  /// Tunes all convolutions of a step, and those that only `others` have.
  /// - Parameters:
  ///   - seconds: how long it may take; it ends a little later, with the search that is in progress.
  ///   - shouldStop: asked between two algorithms; what was found until then is kept.
  /// - Throws: `BackendError` where the device fails altogether; `FileError` where results cannot be kept.
  public func tune(
    step: [any Operation], others: [any Operation] = [], seconds: Double,
    progress: (Progress) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
  ) throws -> Report {
    let deadline = ContinuousClock.now + .seconds(seconds)
    report = Report()
    if isReset { _ = try store?.write(Tuning(tuning.identity), for: backend.device) }
    var subjects = measured(Self.subjects(step: step, others: others), progress, until: deadline, shouldStop)
    subjects.sort { $0.weight > $1.weight }
    for (index, subject) in subjects.enumerated() {
      let left = max(0, ContinuousClock.now.duration(to: deadline) / .seconds(1))
      guard left > 0, !shouldStop() else {
        report.leftOut += subjects.count - index
        break
      }
      progress(Progress(key: subject.key, done: index, total: subjects.count, secondsLeft: left))
      // Time that a search leaves unused is shared among those after it.
      let share = left * subject.weight / subjects[index...].reduce(0) { $0 + $1.weight }
      let end = ContinuousClock.now + .seconds(share)
      search(subject) { shouldStop() || ContinuousClock.now >= end }
      // An algorithm may have brought the device down: then nothing found since is kept.
      try backend.synchronize()
      try save()
    }
    report.rows.sort {
      ($0.standardMilliseconds - $0.milliseconds) * Double($0.count)
        > ($1.standardMilliseconds - $1.milliseconds) * Double($1.count)
    }
    return report
  }

  /// Each key once.
  private static func subjects(step: [any Operation], others: [any Operation]) -> [Subject] {
    var subjects: [Subject] = []
    var places: [ConvolutionKey: Int] = [:]
    for (operations, count) in [(step, 1), (others, 0)] {
      for case let operation as any ConvolutionOperation in operations {
        let key = ConvolutionKey(operation.problem)
        if let place = places[key] {
          subjects[place].count += count
        } else {
          places[key] = subjects.count
          subjects.append(Subject(problem: operation.problem, key: key, count: count))
        }
      }
    }
    return subjects
  }

  /// Returns the subjects with their built-in algorithms' times, without those that are broken.
  private func measured(
    _ subjects: [Subject], _ progress: (Progress) -> Void, until deadline: ContinuousClock.Instant,
    _ shouldStop: () -> Bool
  ) -> [Subject] {
    var measured: [Subject] = []
    for (index, subject) in subjects.enumerated() {
      let left = ContinuousClock.now.duration(to: deadline) / .seconds(1)
      guard left > 0, !shouldStop() else {
        report.leftOut += subjects.count - index
        break
      }
      progress(Progress(key: subject.key, done: 0, total: subjects.count, secondsLeft: left))
      var subject = subject
      do throws(AlgorithmFault) {
        let bench = try TuningBench(subject.problem, on: backend)
        subject.milliseconds = try bench.milliseconds(backend.standardAlgorithm(for: bench.problem), runs: 2)
        measured.append(subject)
      } catch {
        report.broken.append("\(subject.key): \(error)")
      }
    }
    return measured
  }

  private func search(_ subject: Subject, isOver: @escaping () -> Bool) {
    do throws(AlgorithmFault) {
      var search = try AlgorithmSearch(subject.problem, on: backend, isOver: isOver)
      let known = tuning.entries.first { $0.key == subject.key }?.algorithm
      search.run(startingWith: known)
      report.counts += search.counts
      let (standard, best) = (search.standard, search.best)
      let isTuned = best.algorithm != standard.algorithm
      report.rows.append(
        Row(
          key: subject.key, count: subject.count, standardMilliseconds: standard.milliseconds,
          milliseconds: best.milliseconds, algorithm: "\(best.algorithm)", isTuned: isTuned))
      // Keep a known algorithm that was not tried.
      if !isTuned, let known, !search.hasTried(known) { return }
      let entry = Tuning.Entry(
        key: subject.key, algorithm: best.algorithm, milliseconds: best.milliseconds,
        standardMilliseconds: standard.milliseconds)
      tuning.set(isTuned ? entry : nil, for: subject.key)
      touched.insert(subject.key)
    } catch {
      report.broken.append("\(subject.key): \(error)")
    }
  }

  /// Adds what was found to the file as it is now: another search may have written meanwhile.
  private func save() throws(FileError) {
    guard let store else { return }
    var merged = store.tuning(for: backend.device, tuning.identity)
    merged.update(touched, from: tuning)
    _ = try store.write(merged, for: backend.device)
  }
}

/// The outcomes of the algorithms that were tried.
public struct TuningCounts: Codable, Sendable {
  /// Algorithms tried beside the built-in ones.
  public var tried = 0
  /// Of these: their kernels do not build.
  public var notBuilt = 0
  /// Of these: the driver does not run them, or has no room for them.
  public var refused = 0
  /// Of these: their results are not those of the plain loops.
  public var wrong = 0

  static func += (left: inout TuningCounts, right: TuningCounts) {
    left.tried += right.tried
    left.notBuilt += right.notBuilt
    left.refused += right.refused
    left.wrong += right.wrong
  }

  mutating func add(_ fault: AlgorithmFault) {
    switch fault {
    case .doesNotBuild: notBuilt += 1
    case .refused: refused += 1
    case .wrong: wrong += 1
    }
  }
}
