import CMessagePassing

/// How far a job has got since it was last looked at.
enum Progress {
  case none
  case some
  case ended
}

/// Messages that belong together: a sum, a broadcast. Only the communicator's thread uses it once it was submitted.
protocol Job: AnyObject {
  /// Does what can be done now.
  func advance(on transport: Transport) throws(MessagePassingError) -> Progress

  /// The rank that the job waits for; nil where it is any.
  var peer: Int? { get }

  /// Whether its messages may take no longer than the communicator's time limit.
  var hasTimeLimit: Bool { get }

  /// Called once when the job has ended, or with the error for which it never will.
  func end(_ error: MessagePassingError?)
}

extension Job {
  var hasTimeLimit: Bool { true }
}

/// A sum over all ranks.
final class SumJob: Job {
  private let values: UnsafeMutableBufferPointer<Float>
  private let owner: AnyObject?
  private let tag: Int32
  private let isReady: (@Sendable () throws -> Bool)?
  private let whenDone: (@Sendable (MessagePassingError?) -> Void)?
  private var state: tree_sum?
  private var room: UnsafeMutablePointer<Float>?

  init(
    of values: UnsafeMutableBufferPointer<Float>, keeping owner: AnyObject?, tag: Int32,
    isReady: (@Sendable () throws -> Bool)?, whenDone: (@Sendable (MessagePassingError?) -> Void)?
  ) {
    self.values = values
    self.owner = owner
    self.tag = tag
    self.isReady = isReady
    self.whenDone = whenDone
  }

  func advance(on transport: Transport) throws(MessagePassingError) -> Progress {
    guard let start = values.baseAddress else { return .ended }
    if state == nil {
      do {
        if let isReady, try !isReady() { return .none }
      } catch {
        throw .notReady(reason: String(describing: error))
      }
      let room = UnsafeMutablePointer<Float>.allocate(capacity: tree_sum_room(values.count))
      var sum = tree_sum()
      tree_sum_start(&sum, transport.table, start, values.count, room, tag)
      self.room = room
      state = sum
    }
    guard var sum = state else { return .none }
    let round = sum.round
    let result = tree_sum_advance(&sum)
    state = sum
    if result < 0 { throw transport.error }
    return result > 0 ? .ended : sum.round > round ? .some : .none
  }

  var peer: Int? {
    guard var sum = state else { return nil }
    return Int(tree_sum_peer(&sum))
  }

  func end(_ error: MessagePassingError?) { whenDone?(error) }

  deinit { room?.deallocate() }
}

/// Messages that are all started at once.
final class TransferJob: Job {
  private let start: (Transport) throws(MessagePassingError) -> [message_request]
  private var requests: [message_request]?
  let hasTimeLimit: Bool
  var peer: Int? { nil }

  /// - Parameter start: Starts the messages, whose memory it keeps.
  init(hasTimeLimit: Bool = true, start: @escaping (Transport) throws(MessagePassingError) -> [message_request]) {
    self.hasTimeLimit = hasTimeLimit
    self.start = start
  }

  func advance(on transport: Transport) throws(MessagePassingError) -> Progress {
    if requests == nil { requests = try start(transport) }
    var requests = requests ?? []
    defer { self.requests = requests }
    return try transport.test(&requests) ? .ended : .none
  }

  func end(_ error: MessagePassingError?) {}
}

/// A call that itself waits for the other ranks.
final class BlockingJob: Job {
  private let call: (Transport) throws(MessagePassingError) -> Void
  var peer: Int? { nil }

  init(_ call: @escaping (Transport) throws(MessagePassingError) -> Void) { self.call = call }

  func advance(on transport: Transport) throws(MessagePassingError) -> Progress {
    try call(transport)
    return .ended
  }

  func end(_ error: MessagePassingError?) {}
}
