import Files
import Synchronization

/// The result of coloring one picture.
struct PictureOutcome {
  enum End {
    /// The colored picture is in the file of the path, or, where that is nil, in standard output.
    case written(String?)
    case skipped
    case failed(String)
    /// The disk is full, as it will be for the pictures that follow.
    case fullDisk(FileError)
    /// An error that is not of the picture, and ends the command.
    case stopped(any Error)
  }

  /// Lines about the picture.
  var warnings: [String] = []
  /// How long its parts took.
  var times: PictureTimes?
  var end: End
}

/// The report of pictures that several threads color: the progress, and a line for each picture, in the order of the
/// command line whichever is finished first.
final class PictureReport: Sendable {
  private struct State {
    let display = ProgressDisplay()
    var progress: PictureProgress
    /// The outcomes of pictures that come after one that is not finished.
    var waiting: [Int: PictureOutcome] = [:]
    /// The number of the picture that is reported next.
    var next = 0
    var writtenCount = 0
    var failedCount = 0
    var skippedCount = 0
    /// Ends the report.
    var error: (any Error)?
  }

  private let names: [String]
  private let state: Mutex<State>

  init(_ jobs: [PictureJob]) {
    names = jobs.map(\.source.name)
    let byteCounts = jobs.map { job in job.source.path.flatMap { Folder.status(of: $0) }.map { Int($0.st_size) } }
    state = Mutex(State(progress: PictureProgress(byteCounts: byteCounts, begun: .now)))
  }

  /// Notes that a picture is begun.
  func begin(_ index: Int) {
    state.withLock { state in
      state.progress.begin(index)
      show(state)
    }
  }

  /// Takes a picture's outcome. Returns whether further pictures are to be begun: not after an error that ends the
  /// command.
  func finish(_ index: Int, _ outcome: PictureOutcome) -> Bool {
    let isStopped =
      switch outcome.end {
      case .stopped, .fullDisk: true
      case .written, .skipped, .failed: false
      }
    return state.withLock { state in
      if case .skipped = outcome.end { state.progress.skip(index) } else { state.progress.finish(index) }
      if case .written = outcome.end { state.writtenCount += 1 }
      state.waiting[index] = outcome
      while state.error == nil, let outcome = state.waiting.removeValue(forKey: state.next) {
        state.next += 1
        write(outcome, &state)
      }
      if state.error == nil, state.next < names.count { show(state) }
      return state.error == nil && !isStopped
    }
  }

  /// Ends the report. Returns the numbers of pictures that failed and of those that were passed over.
  /// - Throws: The error that ended it, after the lines about pictures that other threads have finished.
  func end() throws -> (failed: Int, skipped: Int) {
    let (error, failedCount, skippedCount) = state.withLock { state in
      if state.error != nil, !(state.error is OutputError) {
        for (_, outcome) in state.waiting.sorted(by: { $0.key < $1.key }) {
          if case .fullDisk = outcome.end { continue }
          write(outcome, &state)
        }
      }
      state.display.clear()
      return (state.error, state.failedCount, state.skippedCount)
    }
    if let error { throw error }
    return (failedCount, skippedCount)
  }

  /// The number of colored pictures.
  var writtenCount: Int { state.withLock { $0.writtenCount } }

  private func show(_ state: borrowing State) {
    guard names.count > 1 else { return }
    state.display.update(state.progress.line(at: .now), name: names[state.progress.latest])
  }

  /// Writes the lines about a picture.
  private func write(_ outcome: PictureOutcome, _ state: inout State) {
    if !outcome.warnings.isEmpty { state.display.clear() }
    for warning in outcome.warnings { Console.warning(warning) }
    if let times = outcome.times, Console.level == .verbose {
      state.display.clear()
      Console.detail(times.line)
    }
    switch outcome.end {
    case .skipped: state.skippedCount += 1
    case .fullDisk(let error) where names.count > 1: state.error = error
    case .failed(let problem): fail(problem, &state)
    case .fullDisk(let error): fail(error.description, &state)
    case .written(nil): break
    case .written(let path?):
      state.display.clear()
      do throws(OutputError) { try Console.output(line: path) } catch { state.error = error }
    case .stopped(let error): if state.error == nil { state.error = error }
    }
  }

  private func fail(_ problem: String, _ state: inout State) {
    state.display.clear()
    Console.error(problem)
    state.failedCount += 1
  }
}
