import CMessagePassing

/// The functions that move bytes between ranks, of MPI or of a test's threads. Only the communicator's thread, which
/// joined them, calls them.
package struct Transport {
  /// Fills in the functions on the thread that will call them.
  package typealias Join = @Sendable (UnsafeMutablePointer<message_transport>) throws(MessagePassingError) -> Void

  let table: UnsafePointer<message_transport>

  package init(_ join: Join) throws(MessagePassingError) {
    let table = UnsafeMutablePointer<message_transport>.allocate(capacity: 1)
    table.initialize(to: message_transport())
    do {
      try join(table)
    } catch {
      table.deallocate()
      throw error
    }
    self.table = UnsafePointer(table)
  }

  /// Frees the functions, when none will be called any more.
  func deallocate() { table.deallocate() }

  var rank: Int { Int(table.pointee.rank) }
  var rankCount: Int { Int(table.pointee.count) }
  /// The lowest rank of those on this machine.
  var host: Int { Int(table.pointee.host) }

  /// Why the last call failed.
  var error: MessagePassingError { Self.error(of: table) }

  /// Returns why the last call of some functions failed.
  package static func error(of table: UnsafePointer<message_transport>) -> MessagePassingError {
    let reason = table.pointee.error.flatMap { $0(table.pointee.context) }
    return .call(reason: reason.map { String(cString: $0) } ?? "no reason given")
  }

  private func check(_ status: Int32?) throws(MessagePassingError) {
    guard status == 0 else { throw error }
  }

  func send(_ bytes: UnsafeRawBufferPointer, to peer: Int, tag: Int32) throws(MessagePassingError) -> message_request {
    var request = message_request()
    try check(
      table.pointee.send?(table.pointee.context, bytes.baseAddress, bytes.count, Int32(peer), tag, &request))
    return request
  }

  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from peer: Int, tag: Int32
  ) throws(MessagePassingError) -> message_request {
    var request = message_request()
    try check(
      table.pointee.receive?(table.pointee.context, bytes.baseAddress, bytes.count, Int32(peer), tag, &request))
    return request
  }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(MessagePassingError) -> message_request
  {
    var request = message_request()
    try check(table.pointee.broadcast?(table.pointee.context, bytes.baseAddress, bytes.count, Int32(root), &request))
    return request
  }

  /// - Parameter all: Room for the bytes of every rank.
  func allGather(
    _ bytes: UnsafeRawBufferPointer, to all: UnsafeMutableRawBufferPointer
  ) throws(MessagePassingError) -> message_request {
    var request = message_request()
    try check(
      table.pointee.all_gather?(table.pointee.context, bytes.baseAddress, all.baseAddress, bytes.count, &request))
    return request
  }

  /// Returns whether all messages have ended.
  func test(_ requests: inout [message_request]) throws(MessagePassingError) -> Bool {
    guard !requests.isEmpty else { return true }
    var isDone: Int32 = 0
    let status = requests.withUnsafeMutableBufferPointer {
      table.pointee.test?(table.pointee.context, Int32($0.count), $0.baseAddress, &isDone)
    }
    try check(status)
    return isDone != 0
  }

  func leave() throws(MessagePassingError) { try check(table.pointee.leave?(table.pointee.context)) }

  /// Ends the processes of all ranks, and does not return.
  func abort(exitCode: Int32) { table.pointee.abort?(table.pointee.context, exitCode) }
}
