import Files
import Models
import Synchronization

/// The runs in the folders that were given, as their files tell.
///
/// Files are read by the thread that calls `update`. Nobody else waits for it: requests get what the last update has
/// found, and the thread that trains leaves its progress aside.
final class RunWatcher: Sendable {
  private struct State {
    /// In the order of their paths.
    var runs: [WatchedRun] = []
    var searchedAt: ContinuousClock.Instant?
  }

  /// The folders as they were given.
  let places: [String]
  /// Whether runs were asked for.
  let isAsked: Bool
  /// The identifier of the run that this process trains.
  let ownRun: String?
  /// Held while files are read.
  private let state = Mutex(State())
  /// The runs after the last update.
  private let shown = Mutex<[WatchedRun]>([])
  /// The last report of this process's training.
  private let progress = Mutex<TrainingProgress?>(nil)

  /// Most runs that are watched, and most folders that are searched for them.
  static let runLimit = 500
  private static let folderLimit = 20_000
  private static let depthLimit = 6
  /// Most bytes of events to read at an update, of a run and of all.
  private let eventLimit: Int
  private static let totalEventLimit = 64 << 20
  private static let searchInterval = Duration.seconds(5)

  /// - Parameters:
  ///   - places: Runs, or folders of runs.
  ///   - own: The folder of the run that this process trains.
  ///   - eventLimit: Most bytes of a run's events to read at an update.
  init(_ places: [String], own: String? = nil, eventLimit: Int = 8 << 20) {
    self.eventLimit = eventLimit
    self.places = places
    isAsked = !places.isEmpty
    ownRun = own.map { ServedModel.id(of: $0) }
  }

  /// The changes that an update found.
  struct Changes: Sendable {
    /// Whether runs came, went or changed their state.
    var isListChanged = false
    var summaries: [RunSummary] = []
    var series: [String: [String: RunSeries.Piece]] = [:]
    var samples: [String: [Int]] = [:]
    /// Folders of runs that were found.
    var added: [String] = []
  }

  /// Notes the progress that the training of this process tells, for the next update. Never waits for files.
  func setProgress(_ progress: TrainingProgress?) { self.progress.withLock { $0 = progress } }

  /// Looks for runs every few seconds, and at the files of all runs. Called by one thread at a time.
  func update(at now: ContinuousClock.Instant = .now) -> Changes {
    guard isAsked else { return Changes() }
    return state.withLock { state in
      var changes = Changes()
      if state.searchedAt.map({ now - $0 >= Self.searchInterval }) ?? true {
        state.searchedAt = now
        merge(places.flatMap(Self.runs(in:)), into: &state, &changes)
      }
      let locks = RunProcess.systemLocks
      let progress = progress.withLock { $0 }
      var left = Self.totalEventLimit
      for index in state.runs.indices {
        let isOwn = state.runs[index].id == ownRun
        let byteCount = state.runs[index].eventByteCount
        let change = state.runs[index].update(
          locks: locks, own: isOwn, progress: isOwn ? progress : nil, eventLimit: min(eventLimit, left))
        let run = state.runs[index]
        left = max(0, left - (run.eventByteCount - byteCount))
        if change.contains(.state) { changes.isListChanged = true }
        if change.contains(.summary) { changes.summaries.append(run.summary) }
        if change.contains(.series) { changes.series[run.id] = state.runs[index].series.takeChanges() }
        if change.contains(.samples) { changes.samples[run.id] = run.samples }
      }
      let runs = state.runs
      shown.withLock { $0 = runs }
      return changes
    }
  }

  private func merge(_ found: [(folder: String, path: String)], into state: inout State, _ changes: inout Changes) {
    let known = Dictionary(state.runs.map { ($0.folder, $0) }, uniquingKeysWith: { first, _ in first })
    var taken: Set<String> = []
    var runs: [WatchedRun] = []
    for (folder, path) in found where runs.count < Self.runLimit {
      let run = known[folder] ?? WatchedRun(folder, shownAs: path)
      guard taken.insert(run.id).inserted else { continue }
      if known[folder] == nil { changes.added.append(folder) }
      runs.append(run)
    }
    if runs.map(\.id) != state.runs.map(\.id) { changes.isListChanged = true }
    state.runs = runs
  }

  /// Returns the runs in a folder and those inside it.
  private static func runs(in place: String) -> [(folder: String, path: String)] {
    var found: [(folder: String, path: String)] = []
    var left = folderLimit
    func search(_ folder: String, depth: Int) {
      guard left > 0, found.count < runLimit else { return }
      left -= 1
      if RunPlace.isRun(folder) {
        found.append((folder, folder))
        return
      }
      guard depth < depthLimit else { return }
      for name in (try? Folder.names(in: folder)) ?? [] where !name.hasPrefix(".") {
        let inside = Folder.path(of: name, in: folder)
        // Links may lead around in circles.
        if Folder.exists(inside, followingLinks: false) { search(inside, depth: depth + 1) }
      }
    }
    search(Folder.withoutSlashes(place), depth: 0)
    return found
  }

  var summaries: [RunSummary] { shown.withLock { $0.map(\.summary) } }

  /// Returns a run; nil where there is none of this identifier.
  func run(_ id: String) -> WatchedRun? { shown.withLock { $0.first { $0.id == id } } }
}
