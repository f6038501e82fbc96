import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes connections whose client is too slow: one that sends a body, or takes an answer, at less than a minimum rate,
/// and so would hold the connection for ever. Clients that send the head of a request too slowly are closed by
/// HummingbirdCore's own timer, which only whole heads reset. That timer begins when an answer is handed over, while a
/// part of it may still wait for the client: such a close waits until the client has taken all.
final class SlowClientHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// Time between two looks whether a client has taken all of what is to be sent before a close.
  private static let drainInterval = TimeAmount.milliseconds(20)

  private let limits: WebLimits
  /// The body that is being received: when it began, and its bytes so far.
  private var body: (begun: NIODeadline, byteCount: Int)?
  /// Since when the client has taken nothing of what is waiting for it.
  private var stalled: NIODeadline?
  private var timer: RepeatedTask?

  init(_ limits: WebLimits) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      let (handler, context) = box.value
      if handler.isTooSlow { context.close(promise: nil) }
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  private var isTooSlow: Bool {
    let now = NIODeadline.now()
    if let stalled, now - stalled > .nanoseconds(Int64(limits.stallSeconds * 1e9)) { return true }
    guard let body else { return false }
    let seconds = Double((now - body.begun).nanoseconds) * 1e-9
    return seconds > limits.bodySeconds && Double(body.byteCount) < seconds * limits.leastRate
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head: body = (.now(), 0)
    case .body(let part): body?.byteCount += part.readableBytes
    case .end: body = nil
    }
    context.fireChannelRead(data)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode != .input, !isTooSlow, Self.isHolding(context.channel) else {
      return context.close(mode: mode, promise: promise)
    }
    let box = NIOLoopBound((self, context, promise), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.drainInterval) {
      let (handler, context, promise) = box.value
      handler.close(context: context, mode: mode, promise: promise)
    }
  }

  /// Whether bytes wait for the client.
  private static func isHolding(_ channel: any Channel) -> Bool {
    guard channel.isActive, let options = channel.syncOptions else { return false }
    return (try? options.getOption(.bufferedWritableBytes)).map { $0 > 0 } ?? false
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    stalled = context.channel.isWritable ? nil : .now()
    context.fireChannelWritabilityChanged()
  }
}
