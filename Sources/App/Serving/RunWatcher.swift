import Files
import Models
import Synchronization

/// The runs in the folders that were given, as their files tell.
final class RunWatcher: Sendable {
  private struct State {
    /// In the order of their paths.
    var runs: [WatchedRun] = []
    var isSearched = false
    var searchedAt: ContinuousClock.Instant?
  }

  /// The folders as they were given.
  let places: [String]
  /// Whether runs were asked for.
  let isAsked: Bool
  /// The identifier of the run that this process trains.
  let ownRun: String?
  private let state = Mutex(State())

  /// Most runs that are watched, and most folders that are searched for them.
  static let runLimit = 500
  private static let folderLimit = 20_000
  private static let depthLimit = 6
  /// Bytes of events that are read of a run at an update.
  private static let eventLimit = 8 << 20
  private static let searchInterval = Duration.seconds(5)

  /// - Parameters:
  ///   - places: Runs, or folders of runs.
  ///   - own: The folder of the run that this process trains.
  init(_ places: [String], own: String? = nil) {
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

  /// Notes the progress that the training of this process tells.
  func setProgress(_ progress: TrainingProgress?) {
    state.withLock { state in
      for index in state.runs.indices where state.runs[index].id == ownRun { state.runs[index].setProgress(progress) }
    }
  }

  /// Looks for runs every few seconds, and at the files of all runs.
  func update(at now: ContinuousClock.Instant = .now) -> Changes {
    guard isAsked else { return Changes() }
    let isDue = state.withLock { $0.searchedAt.map { now - $0 >= Self.searchInterval } ?? true }
    let found = isDue ? places.flatMap(Self.runs(in:)) : nil
    let locks = RunProcess.systemLocks
    return state.withLock { state in
      var changes = Changes()
      if let found {
        state.searchedAt = now
        merge(found, into: &state, &changes)
      }
      for index in state.runs.indices {
        let change = state.runs[index].update(
          locks: locks, own: state.runs[index].id == ownRun, eventLimit: Self.eventLimit)
        let run = state.runs[index]
        if change.contains(.state) { changes.isListChanged = true }
        if change.contains(.summary) { changes.summaries.append(run.summary) }
        if change.contains(.series) { changes.series[run.id] = state.runs[index].series.takeChanges() }
        if change.contains(.samples) { changes.samples[run.id] = run.samples }
      }
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

  var summaries: [RunSummary] { state.withLock { $0.runs.map(\.summary) } }

  /// Returns a run; nil where there is none of this identifier.
  func run(_ id: String) -> WatchedRun? { state.withLock { $0.runs.first { $0.id == id } } }
}
