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
  /// Bytes of answers that were written to the channel.
  private var writtenByteCount = 0
  /// Those of them that the system had taken at the last look, and when a look last found that it takes them or that
  /// none are waiting. The channel's writability does not tell: megabytes may be written to it before it says that it
  /// is full, and it says that it is not only when all of them have gone.
  private var takenByteCount = 0
  private var lastProgress = NIODeadline.now()
  private var timer: RepeatedTask?

  init(_ limits: WebLimits) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      let (handler, context) = box.value
      handler.look(at: context.channel)
      if handler.isTooSlow { context.close(promise: nil) }
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  /// Notes whether the client takes what is waiting for it.
  private func look(at channel: any Channel) {
    let waiting = Self.waitingByteCount(of: channel)
    let taken = writtenByteCount - waiting
    if waiting == 0 || taken > takenByteCount { lastProgress = .now() }
    takenByteCount = taken
  }

  private var isTooSlow: Bool {
    let now = NIODeadline.now()
    if now - lastProgress > .nanoseconds(Int64(limits.stallSeconds * 1e9)) { return true }
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

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .body(let part) = unwrapOutboundIn(data) { writtenByteCount += part.readableBytes }
    context.write(data, promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode != .input, !isTooSlow, Self.waitingByteCount(of: context.channel) > 0 else {
      return context.close(mode: mode, promise: promise)
    }
    let box = NIOLoopBound((self, context, promise), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.drainInterval) {
      let (handler, context, promise) = box.value
      handler.close(context: context, mode: mode, promise: promise)
    }
  }

  /// Returns how many bytes wait until the system takes them for the client.
  private static func waitingByteCount(of channel: any Channel) -> Int {
    guard channel.isActive, let options = channel.syncOptions else { return 0 }
    return (try? options.getOption(.bufferedWritableBytes)) ?? 0
  }
}
