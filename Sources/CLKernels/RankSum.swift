import MessagePassing
import Runtime
import Synchronization

extension CLBackend {
  /// Plans the copy of the values to the host. The communicator's thread asks whether it is done, and begins the sum
  /// then; the host goes on at once.
  public func plan(_ operation: RankSumStart) -> PlannedOperation {
    let sum = operation.sum
    return PlannedOperation(operation.title) { [self] _ throws(BackendError) in
      RankSumLaunch(try copy(of: sum, for: operation.title)) { copy throws(BackendError) in
        if sum.isFrequent, let last = copy.lastRead {
          try last.wait()
          try self.messageFailure.check()
        }
        let done = try CLUserEvent(context: self.context)
        copy.done = done
        let read = try self.queue.startReading(copy.memory, byteOffset: copy.byteOffset, into: copy.pinned)
        _ = sum.ranks.startSum(
          of: copy.values, keeping: copy.pinned, isReady: { try read.isComplete },
          whenDone: { [messageFailure = self.messageFailure] error in
            if let error { messageFailure.fail(error) }
            // The commands that wait run in any case, and reading what they write throws: PoCL 3.1 ends the process
            // where an event fails that commands wait for.
            done.come()
          })
        copy.lastRead = read
        try self.queue.flush()
      }
    }
  }

  /// Plans the copy of the sum to the device, which waits for the sum as everything after it does.
  public func plan(_ operation: RankSumEnd) -> PlannedOperation {
    let sum = operation.sum
    return PlannedOperation(operation.title) { [self] _ throws(BackendError) in
      RankSumLaunch(try copy(of: sum, for: operation.title)) { copy throws(BackendError) in
        guard let done = copy.done else {
          throw .invalidOperation(operation: RankSumEnd.name, reason: "the sum was not started")
        }
        copy.done = nil
        try self.queue.startWriting(copy.pinned, to: copy.memory, byteOffset: copy.byteOffset, after: done)
      }
    }
  }

  /// Returns the host's copy of a sum's values, one for its start and its end.
  private func copy(of sum: RankSum, for title: String) throws(BackendError) -> HostCopy {
    if let copy = sum.underway as? HostCopy { return copy }
    let copy = HostCopy(
      pinned: try CLPinnedMemory(queue: queue, byteCount: sum.values.shape.count * MemoryLayout<Float>.stride),
      memory: try memory(of: sum.values, for: title), byteOffset: sum.values.offset * MemoryLayout<Float>.stride)
    sum.underway = copy
    return copy
  }
}

/// The failure of a sum's messages, which leaves the device with wrong values.
final class MessageFailure: Sendable {
  private let error = Mutex<MessagePassingError?>(nil)

  func fail(_ error: MessagePassingError) { self.error.withLock { $0 = $0 ?? error } }

  /// Throws where messages have failed.
  func check() throws(BackendError) {
    if let error = error.withLock({ $0 }) { throw .messages(error) }
  }
}

/// The host's copy of values that are summed, and the event of the sum.
private final class HostCopy {
  let pinned: CLPinnedMemory
  let memory: CLMemory
  let byteOffset: Int
  /// Comes when the copy is the sum; nil before the start.
  var done: CLUserEvent?
  /// The last copy to the host.
  var lastRead: CLEvent?

  init(pinned: CLPinnedMemory, memory: CLMemory, byteOffset: Int) {
    self.pinned = pinned
    self.memory = memory
    self.byteOffset = byteOffset
  }

  var values: UnsafeMutableBufferPointer<Float> { pinned.bytes.bindMemory(to: Float.self) }
}

/// A launch that copies between the device and the host.
private final class RankSumLaunch: Launch {
  private let copy: HostCopy
  private let body: (HostCopy) throws(BackendError) -> Void

  init(_ copy: HostCopy, _ body: @escaping (HostCopy) throws(BackendError) -> Void) {
    self.copy = copy
    self.body = body
  }

  func run() throws(BackendError) { try body(copy) }
}
