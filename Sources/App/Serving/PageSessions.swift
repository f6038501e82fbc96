import Server
import Synchronization

/// The pages that are open, and their photographs. A page that is closed is forgotten.
final class PageSessions: Sendable {
  /// A page.
  final class Session: Sendable {
    struct State {
      var photographs: [PagePhotograph] = []
      /// The identifiers of the runs whose points the page wants.
      var watched: Set<String> = []
      /// Open connections of events.
      var connectionCount = 0
      /// When the page is forgotten unless a connection is opened.
      var end: ContinuousClock.Instant?
    }

    let id: String
    let events = PageEvents()
    let state: Mutex<State>

    init(id: String, end: ContinuousClock.Instant) {
      self.id = id
      state = Mutex(State(end: end))
    }
  }

  struct Limits: Sendable {
    var sessionCount = 256
    /// Photographs of a page.
    var photographCount = 64
    /// Photographs of all pages, each of which has open files, and the bytes of these.
    var totalCount = 1024
    var byteCount = 4 << 30
    /// How long a page is kept whose events are not connected.
    var grace = Duration.seconds(60)
    /// And one that said that it is closed.
    var farewell = Duration.seconds(5)
  }

  let limits: Limits
  private let sessions = Mutex<[String: Session]>([:])

  init(limits: Limits) { self.limits = limits }

  /// Returns the page of a name; nil where it is forgotten.
  subscript(id: String) -> Session? { sessions.withLock { $0[id] } }

  var all: [Session] { sessions.withLock { Array($0.values) } }

  /// Returns the page of a name, or a new one.
  /// - Throws: `WebError` where too many are open.
  func open(_ id: String?) throws(WebError) -> Session {
    let session = sessions.withLock { sessions -> Session? in
      if let id, let session = sessions[id] { return session }
      guard sessions.count < limits.sessionCount else { return nil }
      let session = Session(id: WebServer.randomToken(), end: .now + limits.grace)
      sessions[session.id] = session
      return session
    }
    guard let session else { throw .busy("too many pages are open; close some", retryAfter: 30) }
    return session
  }

  /// Notes that a connection of events was opened.
  func connect(_ session: Session) {
    session.state.withLock { state in
      state.connectionCount += 1
      state.end = nil
    }
  }

  /// Notes that a connection of events was closed.
  func disconnect(_ session: Session) {
    session.state.withLock { state in
      state.connectionCount -= 1
      let end = ContinuousClock.now + limits.grace
      if state.connectionCount == 0 { state.end = min(state.end ?? end, end) }
    }
  }

  /// Notes that a page is closed.
  func bidFarewell(_ session: Session) {
    session.state.withLock { $0.end = .now + limits.farewell }
  }

  /// Forgets pages whose time has come. Returns their photographs.
  func forgetClosed(at now: ContinuousClock.Instant = .now) -> [PagePhotograph] {
    let closed = sessions.withLock { sessions in
      let closed = sessions.values.filter { session in
        session.state.withLock { $0.connectionCount == 0 && $0.end.map { now >= $0 } ?? false }
      }
      for session in closed { sessions[session.id] = nil }
      return closed
    }
    return closed.flatMap { session in
      session.events.finish()
      return session.state.withLock { $0.photographs }
    }
  }

  /// Whether there is room for so many bytes of so many further photographs.
  func hasRoom(for byteCount: Int, count: Int = 1) -> Bool {
    let photographs = all.flatMap { session in session.state.withLock { $0.photographs } }
    return photographs.count + count <= limits.totalCount
      && photographs.reduce(byteCount) { $0 + $1.byteCount } <= limits.byteCount
  }
}
