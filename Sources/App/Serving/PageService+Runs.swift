import Files
import FoundationEssentials
import Models
import Report
import Server

/// The requests about runs.
extension PageService {
  private struct RunList: Encodable {
    let runs: [RunSummary]
  }

  private struct Points: Encodable {
    let id: String
    let series: [String: RunSeries.Piece]
  }

  private struct Samples: Encodable {
    let id: String
    let epochs: [Int]
  }

  /// Sends a page what there is.
  func sendRuns(to session: PageSessions.Session) {
    session.events.send("runs", RunList(runs: runs.summaries), key: "runs")
  }

  /// Sends the pages what has changed.
  func sendChanges(of changes: RunWatcher.Changes) {
    // A run has weights after its first epoch, which also has a sheet.
    let trained = changes.samples.keys.compactMap { runs.run($0)?.folder }
    if addModels(of: changes.added + trained) {
      for session in sessions.all { session.events.send("state", pageState, key: "state") }
    }
    guard changes.isListChanged || !changes.summaries.isEmpty || !changes.series.isEmpty || !changes.samples.isEmpty
    else { return }
    for session in sessions.all {
      if changes.isListChanged { sendRuns(to: session) }
      for summary in changes.summaries where !changes.isListChanged {
        session.events.send("run", summary, key: "run " + summary.id)
      }
      let watched = session.state.withLock { $0.watched }
      for (id, series) in changes.series where watched.contains(id) {
        session.events.send("series", Points(id: id, series: series))
      }
      for (id, epochs) in changes.samples where watched.contains(id) {
        session.events.send("samples", Samples(id: id, epochs: epochs), key: "samples " + id)
      }
    }
  }

  /// Offers the weights of runs that were found. Returns whether there are some.
  private func addModels(of folders: [String]) -> Bool {
    guard let models else { return false }
    var isChanged = false
    // Those that are offered already are not opened again after each of their epochs.
    for folder in folders where models.model(ServedModel.id(of: folder)) == nil {
      guard let model = try? ServedModel(folder) else { continue }
      if models.add(model) { isChanged = true }
    }
    return isChanged
  }

  func runsRequest(_ request: WebRequest, _ path: [String]) async throws -> WebResponse {
    guard let id = path.first else {
      guard request.isRead else { throw WebError(.method, "this address is only read") }
      return try WebResponse(json: RunList(runs: runs.summaries))
    }
    let run = try run(id)
    switch (path.dropFirst().first, path.count) {
    case (nil, _) where request.isRead: return try WebResponse(json: RunDetails(run))
    case ("series", 2) where request.isRead: return try series(request, run)
    case ("samples", 3) where request.isRead: return try await sample(path[2], of: run)
    case ("report", 2) where request.isRead: return try await report([id])
    case ("stop", 2) where request.method == .post: return try stop(run)
    default: throw WebError.notFound()
    }
  }

  private func run(_ id: String) throws(WebError) -> WatchedRun {
    guard let run = runs.run(id) else { throw .notFound("there is no such run; its folder may be gone") }
    return run
  }

  private struct RunDetails: Encodable {
    let run: RunSummary
    let config: JSONValue
    let leaves: [[String]]
    let columns: [String]
    let rows: [[Double?]]
    let samples: [Int]
    /// The number of points of each curve.
    let series: [String: Int]
    /// The title and the unit of each curve, in the words of `compare`'s page.
    let titles: [String: [String]]

    init(_ run: WatchedRun) {
      self.run = run.summary
      config = (try? JSONDecoder().decode(JSONValue.self, from: Data(run.configurationText.utf8))) ?? .object([:])
      leaves = config.leaves().map { [$0.key.printable, $0.value.printable] }
      columns = run.columns
      rows = run.rows
      samples = run.samples
      series = run.series.curves.mapValues(\.count)
      let tags = run.series.curves.keys.map { $0 } + run.columns.map { "epoch/" + $0 }
      titles = tags.reduce(into: [:]) { titles, tag in
        let name = QuantityName(column: String(tag.split(separator: "/").last ?? ""))
        titles[tag] = [name.title, name.unit]
      }
    }
  }

  /// Most points of an answer.
  private static let pointLimit = 1_000_000

  private func series(_ request: WebRequest, _ run: WatchedRun) throws -> WebResponse {
    let tags = request.values(of: "tag")
    let from = request["from"].map(Int.init) ?? 0
    guard let from, from >= 0 else { throw WebError.badRequest("from is no index") }
    let curves = tags.isEmpty ? run.series.curves : run.series.curves.filter { tags.contains($0.key) }
    guard curves.values.reduce(0, { $0 + max(0, $1.count - from) }) <= Self.pointLimit else {
      throw WebError(.tooLarge, "there are more than \(Self.pointLimit) points; ask for fewer curves at a time")
    }
    return try WebResponse(json: ["series": curves.mapValues { RunSeries.Piece($0, from: from) }])
  }

  private func sample(_ number: String, of run: WatchedRun) async throws -> WebResponse {
    guard let epoch = Int(number), run.samples.contains(epoch) else {
      throw WebError.notFound("the run has no sheet of this epoch")
    }
    let path = run.sample(epoch: epoch)
    let bytes = try await queue.perform(for: nil, isQuick: true) { _ in try readOrdinaryFile(path, limit: 1 << 26) }
    return WebResponse(bytes, type: "image/png")
  }

  private func stop(_ run: WatchedRun) throws -> WebResponse {
    // The lock is looked at again: the process may have ended since the last update.
    let process =
      run.id == runs.ownRun ? RunProcess.this : RunProcess(trainingIn: run.folder, locks: RunProcess.systemLocks)
    guard let process else { throw WebError(.conflict, "nothing trains in this run now") }
    guard process.isOwn else { throw WebError(.conflict, "process \(process.id) is another user's") }
    try process.stop(run.folder)
    return try WebResponse(json: ["process": Int(process.id)], status: .accepted)
  }

  /// Returns the report of runs as one file: their figures, curves, sheets and settings.
  func report(_ ids: [String]) async throws -> WebResponse {
    let found = try ids.map { id throws(WebError) in try run(id) }
    guard !found.isEmpty, found.count <= 20 else { throw WebError.badRequest("a report is of 1 to 20 runs") }
    let bytes = try await queue.perform(for: nil, isQuick: true) { _ in
      Array(try RunsPage(found).page.html.markup.utf8)
    }
    let name = found.count == 1 ? found[0].name : "runs"
    return WebResponse(bytes, type: "text/html; charset=utf-8").saved(as: "\(name).html")
  }
}
