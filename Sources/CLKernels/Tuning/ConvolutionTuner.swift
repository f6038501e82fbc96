import Files
import Runtime

/// Finds the fastest methods for the convolutions of a plan on one device, and keeps them for the backends that are opened
/// there later.
///
/// Each method is held against the plain loops of convolution_naive.cl before its time counts.
public final class ConvolutionTuner {
  /// One convolution's pass, and what was found for it.
  public struct Row: Sendable {
    public let key: ConvolutionKey
    /// How often it comes in a step.
    public let count: Int
    /// Of the built-in method.
    public let standardMilliseconds: Double
    /// Of the fastest method that was tried; one that was kept before and not tried again is used in its place.
    public let milliseconds: Double
    public let method: String
    /// Whether it is another method than the built-in one.
    public let isTuned: Bool
  }

  public struct Report: Sendable {
    /// The most gained first.
    public fileprivate(set) var rows: [Row] = []
    public fileprivate(set) var counts = MethodCounts()
    /// Passes that time did not suffice for.
    public fileprivate(set) var leftOut = 0
    /// Built-in methods that are wrong on this device, or do not run.
    public fileprivate(set) var broken: [String] = []

    public init() {}
  }

  /// How far it is.
  public struct Progress: Sendable {
    /// What is looked at now.
    public let key: ConvolutionKey
    public let done: Int
    public let total: Int
    public let secondsLeft: Double
  }

  private struct Subject {
    let work: ConvolutionWork
    let key: ConvolutionKey
    var count: Int
    /// Of one run of the built-in method.
    var milliseconds = 0.0

    var weight: Double { milliseconds * Double(max(count, 1)) }
  }

  private let backend: CLBackend
  private let store: TuningStore?
  /// The methods known before, and those found.
  private var tuning: Tuning
  private let isReset: Bool
  /// What this search has a say about.
  private var touched: Set<ConvolutionKey> = []
  private var report = Report()

  /// - Parameters:
  ///   - precision: what backends are opened with that are to use the methods; nil for the device's default.
  ///   - store: where methods are kept; nil to keep none.
  ///   - reset: forget what was found before.
  /// - Throws: `BackendError` where the device cannot be opened.
  public init(
    device: CLDevice, precision: Precision? = .float32, sources: KernelSources = .standard(),
    cache: CLProgramCache? = .standard(), store: TuningStore?,
    reset: Bool = false
  ) throws(BackendError) {
    backend = try CLBackend(
      device: device, methods: MethodChoice(), precision: precision, profiling: true, sources: sources, cache: cache,
      tuning: nil)
    guard let identity = TuningIdentity(device, backend.precision, sources) else {
      throw .library(name: "libcrypto", reason: "computes no SHA-256")
    }
    self.store = store
    isReset = reset
    tuning = reset ? Tuning(identity) : store?.tuning(for: device, identity) ?? Tuning(identity)
  }

  /// Tunes all convolutions of a step, and those that only `others` have.
  /// - Parameters:
  ///   - seconds: how long it may take; it ends a little later, with what is under way.
  ///   - shouldStop: asked between two methods; what was found until then is kept.
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
      // What one leaves of its share goes to those after it.
      let share = left * subject.weight / subjects[index...].reduce(0) { $0 + $1.weight }
      let end = ContinuousClock.now + .seconds(share)
      let isOver = { shouldStop() || ContinuousClock.now >= end }
      switch subject.work {
      case .gather(let gather): search(gather, subject, isOver)
      case .filter(let filter): search(filter, subject, isOver)
      }
      // A method may have brought the device down: then nothing found since is kept.
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
      for work in operations.compactMap(ConvolutionWork.init) {
        if let place = places[work.key] {
          subjects[place].count += count
        } else {
          places[work.key] = subjects.count
          subjects.append(Subject(work: work, key: work.key, count: count))
        }
      }
    }
    return subjects
  }

  /// The subjects with the time that their built-in methods take; without those that are broken.
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
      do throws(MethodFault) {
        switch subject.work {
        case .gather(let gather): subject.milliseconds = try milliseconds(gather)
        case .filter(let filter): subject.milliseconds = try milliseconds(filter)
        }
        measured.append(subject)
      } catch {
        report.broken.append("\(subject.key): \(error)")
      }
    }
    return measured
  }

  private func milliseconds<Sum: TunableSum>(_ sum: Sum) throws(MethodFault) -> Double {
    let bench = try TuningBench(sum, on: backend)
    return try bench.milliseconds(bench.sum.standard(on: backend), runs: 2)
  }

  private func search<Sum: TunableSum>(_ sum: Sum, _ subject: Subject, _ isOver: @escaping () -> Bool) {
    do throws(MethodFault) {
      var search = try MethodSearch(sum, on: backend, isOver: isOver)
      let known = Sum.Method.chosen(for: subject.key, in: tuning.choice)
      search.run(startingWith: known)
      report.counts += search.counts
      let (standard, best) = (search.standard, search.best)
      report.rows.append(
        Row(
          key: subject.key, count: subject.count, standardMilliseconds: standard.milliseconds,
          milliseconds: best.milliseconds, method: "\(best.method)", isTuned: best.method != standard.method))
      // A known method that there was no time to try stays.
      if best.method == standard.method, let known, !search.hasTried(known) { return }
      let entry =
        best.method == standard.method
        ? nil
        : Tuning.Entry(
          key: subject.key, method: best.method, milliseconds: best.milliseconds,
          standardMilliseconds: standard.milliseconds)
      Sum.Method.set(entry, for: subject.key, in: &tuning)
      touched.insert(subject.key)
    } catch {
      report.broken.append("\(subject.key): \(error)")
    }
  }

  /// Adds what was found to the file as it is now: another search may have written meanwhile.
  private func save() throws(FileError) {
    guard let store else { return }
    var merged = store.tuning(for: backend.device, tuning.identity)
    merged.gathers =
      merged.gathers.filter { !touched.contains($0.key) } + tuning.gathers.filter { touched.contains($0.key) }
    merged.filters =
      merged.filters.filter { !touched.contains($0.key) } + tuning.filters.filter { touched.contains($0.key) }
    _ = try store.write(merged, for: backend.device)
  }
}
