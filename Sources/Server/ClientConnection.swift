import NIOCore
import NIOHTTPTypes
import Synchronization

/// The connection of a request's client, for work that is in vain once it has ended. A connection has one request at a
/// time.
public final class ClientConnection: Sendable {
  private struct State {
    var isClosed = false
    var action: (@Sendable () -> Void)?
  }

  private let state: Mutex<State>

  init(isClosed: Bool = false) { state = Mutex(State(isClosed: isClosed)) }

  /// Whether the client is gone, or has closed its own direction of the connection: which of the two is not seen before
  /// it is written to.
  public var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Calls `action` when `isClosed` becomes true, or at once where it is. It takes the place of the action before; nil
  /// is none.
  public func whenClosed(_ action: (@Sendable () -> Void)?) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.action = action }
      return state.isClosed
    }
    if isClosed { action?() }
  }

  fileprivate func end() {
    let action = state.withLock { state in
      defer { state = State(isClosed: true) }
      return state.action
    }
    action?()
  }
}

/// Tells the `ClientConnection` of a channel when it ends.
final class ConnectionEndHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart

  let connection = ClientConnection()

  func channelInactive(context: ChannelHandlerContext) {
    connection.end()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { connection.end() }
    context.fireUserInboundEventTriggered(event)
  }

  /// Returns the connection of a channel that has this handler.
  static func connection(of channel: any Channel) async -> ClientConnection {
    let found = channel.eventLoop.submit {
      try channel.pipeline.syncOperations.handler(type: ConnectionEndHandler.self).connection
    }
    // A channel that has ended has no handlers any more.
    return (try? await found.get()) ?? ClientConnection(isClosed: true)
  }
}
