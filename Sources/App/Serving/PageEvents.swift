import Server
import Synchronization

/// The events that wait for one page. A later event of the same key replaces an earlier one that has not been sent.
final class PageEvents: Sendable {
  struct Event: Sendable {
    let name: String
    let data: [UInt8]
    let key: String?
  }

  private struct State {
    var events: [Event] = []
    /// Bytes of the events that were added, those that were replaced included.
    var byteCount = 0
    /// Whether the page has taken too long, so that events were lost: it must begin anew.
    var isOverflowing = false
    var isPinged = false
    var waiter: AsyncStream<Void>.Continuation?
    /// The number of connections so far, of which the last one is written to.
    var connection = 0

    mutating func clear() { (events, byteCount) = ([], 0) }
  }

  private let state = Mutex(State())
  /// Most events that wait, and most bytes of them.
  private static let limit = 4000
  private static let byteLimit = 64 << 20

  func send(_ name: String, _ value: some Encodable, key: String? = nil) {
    guard let data = try? JSONLine.bytes(of: value) else { return }
    state.withLock { state in
      // Without a reader there is nothing to keep: it asks for the whole when it comes.
      guard state.waiter != nil, !state.isOverflowing else { return }
      let event = Event(name: name, data: data, key: key)
      if let key, let index = state.events.lastIndex(where: { $0.key == key }) {
        state.events[index] = event
      } else {
        state.events.append(event)
      }
      state.byteCount += data.count
      if state.events.count > Self.limit || state.byteCount > Self.byteLimit {
        state.isOverflowing = true
        state.clear()
      }
      state.waiter?.yield()
    }
  }

  /// Sends a comment, which shows whether the page is still there.
  func ping() {
    state.withLock { state in
      state.isPinged = true
      state.waiter?.yield()
    }
  }

  /// Ends the writing, if any.
  func finish() { state.withLock { $0.waiter?.finish() } }

  /// Writes events until the page is gone. A page that opens its events twice gets them by the later connection.
  /// - Parameter first: Called when events are kept; those that it sends are the first.
  func write(to writer: inout WebWriter, first: () -> Void) async throws {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let connection = state.withLock { state in
      state.waiter?.finish()
      state.waiter = continuation
      state.connection += 1
      state.clear()
      state.isOverflowing = false
      return state.connection
    }
    defer {
      state.withLock { state in
        if state.connection == connection {
          state.waiter = nil
          state.clear()
        }
      }
    }
    try await writer.write(Array("retry: 1000\n\n".utf8))
    first()
    continuation.yield()
    for await _ in stream {
      let (events, isPinged, isOverflowing) = state.withLock { state in
        defer {
          state.clear()
          state.isPinged = false
        }
        return (state.events, state.isPinged, state.isOverflowing)
      }
      for event in events { try await writer.write(event: event.name, event.data) }
      if isPinged, events.isEmpty { try await writer.write(Array(": \n\n".utf8)) }
      if isOverflowing { return }
    }
  }
}
