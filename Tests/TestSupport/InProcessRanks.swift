import CMessagePassing
import Files
import MessagePassing

/// Ranks that are threads of this process: the communicator's own code over messages in memory, for tests without MPI.
public enum InProcessRanks {
  /// Runs `body` on so many threads, each with its communicator, and returns the results in the order of the ranks.
  /// - Parameters:
  ///   - ranksPerHost: As many neighboring ranks are on a machine; nil for all.
  ///   - timeLimit: The most seconds that a message may take.
  ///   - failing: A rank whose messages fail after so many; nil for none.
  public static func run<Result: Sendable>(
    _ count: Int, ranksPerHost: Int? = nil, timeLimit: Double = 60, failing: (rank: Int, messages: Int)? = nil,
    _ body: @escaping @Sendable (Communicator) throws -> Result
  ) throws -> [Result] {
    let mailboxes = Mailboxes()
    let results = Monitor<[Int: Swift.Result<Result, any Error>]>([:])
    let threads = (0..<count).map { rank in
      let limit = failing?.rank == rank ? failing?.messages : nil
      return WorkerThread {
        let endpoint = Endpoint(rank: rank, count: count, mailboxes: mailboxes, messageLimit: limit)
        defer { withExtendedLifetime(endpoint) {} }
        let result = Swift.Result {
          let communicator = try Communicator(timeLimit: timeLimit) { table in
            endpoint.fill(table, host: rank - rank % (ranksPerHost ?? count))
          }
          // Ranks whose messages failed cannot take leave; `body` has seen why.
          defer { try? communicator.leave() }
          return try body(communicator)
        }
        results.withLock { $0[rank] = result }
      }
    }
    for thread in threads { thread?.join() }
    let all = results.withLock { $0 }
    return try (0..<count).compactMap { try all[$0]?.get() }
  }
}

/// The messages of all ranks.
private final class Mailboxes: Sendable {
  /// A message's place among those from one rank to another of one tag.
  struct Address: Hashable {
    let sender: Int
    let receiver: Int
    let tag: Int32
    let number: Int
  }

  struct State {
    var messages: [Address: [UInt8]] = [:]
    /// The bytes of each rank in each collective call, by the number of the call.
    var collective: [Int: [Int: [UInt8]]] = [:]
  }

  let state = Monitor(State())
}

/// A rank's end of the messages.
///
/// `@unchecked Sendable`: its communicator's thread alone uses it.
private final class Endpoint: @unchecked Sendable {
  private struct Channel: Hashable {
    let peer: Int
    let tag: Int32
  }

  private let rank: Int
  private let count: Int
  private let mailboxes: Mailboxes
  private var messageLimit: Int?
  private var sent: [Channel: Int] = [:]
  private var received: [Channel: Int] = [:]
  private var collectiveCount = 0
  /// Returns whether a request has ended, by its number; it is called once more than it says no.
  private var requests: [message_request: (inout Mailboxes.State) -> Bool] = [:]
  private var requestCount: message_request = 0
  /// A generator of delays, so that messages come in many orders.
  private var random: UInt64

  init(rank: Int, count: Int, mailboxes: Mailboxes, messageLimit: Int?) {
    self.rank = rank
    self.count = count
    self.mailboxes = mailboxes
    self.messageLimit = messageLimit
    random = UInt64(rank) &* 0x9E37_79B9_7F4A_7C15 &+ 1
  }

  /// Fills in the functions. This object must stay until the rank has left.
  func fill(_ table: UnsafeMutablePointer<message_transport>, host: Int) {
    table.pointee = message_transport(
      context: Unmanaged.passUnretained(self).toOpaque(), rank: Int32(rank), count: Int32(count), host: Int32(host),
      send: { context, bytes, size, peer, tag, request in
        Endpoint.of(context).send(UnsafeRawBufferPointer(start: bytes, count: size), Int(peer), tag, request)
      },
      receive: { context, bytes, size, peer, tag, request in
        let place = UnsafeMutableRawBufferPointer(start: bytes, count: size)
        return Endpoint.of(context).receive(place, Int(peer), tag, request)
      },
      broadcast: { context, bytes, size, root, request in
        Endpoint.of(context).broadcast(UnsafeMutableRawBufferPointer(start: bytes, count: size), Int(root), request)
      },
      all_gather: { context, bytes, all, size, request in
        Endpoint.of(context).allGather(UnsafeRawBufferPointer(start: bytes, count: size), all, request)
      },
      test: { context, count, requests, isDone in
        let requests = UnsafeMutableBufferPointer(start: requests, count: Int(count))
        guard let isAll = Endpoint.of(context).test(requests) else { return 1 }
        isDone?.pointee = isAll ? 1 : 0
        return 0
      },
      error: { _ in Endpoint.reason },
      leave: { _ in 0 },
      abort: { _, _ in })
  }

  /// A text that stays.
  private nonisolated(unsafe) static let reason: UnsafePointer<CChar>? = {
    let text: StaticString = "the message was lost"
    return UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }()

  private static func of(_ context: UnsafeMutableRawPointer?) -> Endpoint {
    guard let context else { preconditionFailure("a transport without its context") }
    return Unmanaged<Endpoint>.fromOpaque(context).takeUnretainedValue()
  }

  private func begin(
    _ request: UnsafeMutablePointer<message_request>?, _ isDone: @escaping (inout Mailboxes.State) -> Bool
  ) -> Int32 {
    if let limit = messageLimit {
      guard limit > 0 else { return 1 }
      messageLimit = limit - 1
    }
    requestCount += 1
    requests[requestCount] = isDone
    request?.pointee = requestCount
    return 0
  }

  private func send(
    _ bytes: UnsafeRawBufferPointer, _ peer: Int, _ tag: Int32, _ request: UnsafeMutablePointer<message_request>?
  ) -> Int32 {
    let number = sent[Channel(peer: peer, tag: tag), default: 0]
    sent[Channel(peer: peer, tag: tag)] = number + 1
    let address = Mailboxes.Address(sender: rank, receiver: peer, tag: tag, number: number)
    let delay = randomDelay()
    var looks = 0
    // The bytes are read late, as by MPI: whoever changes them meanwhile is found out.
    return begin(request) { state in
      looks += 1
      guard looks > delay else { return false }
      state.messages[address] = Array(bytes)
      return true
    }
  }

  private func receive(
    _ place: UnsafeMutableRawBufferPointer, _ peer: Int, _ tag: Int32,
    _ request: UnsafeMutablePointer<message_request>?
  ) -> Int32 {
    let number = received[Channel(peer: peer, tag: tag), default: 0]
    received[Channel(peer: peer, tag: tag)] = number + 1
    let address = Mailboxes.Address(sender: peer, receiver: rank, tag: tag, number: number)
    return begin(request) { state in
      guard let bytes = state.messages.removeValue(forKey: address) else { return false }
      precondition(bytes.count == place.count, "a message of another length")
      place.copyBytes(from: bytes)
      return true
    }
  }

  private func broadcast(
    _ place: UnsafeMutableRawBufferPointer, _ root: Int, _ request: UnsafeMutablePointer<message_request>?
  ) -> Int32 {
    let own = rank == root ? Array(place) : nil
    return collective(own, request) { contributions in
      guard let bytes = contributions[root] else { return false }
      place.copyBytes(from: bytes)
      return true
    }
  }

  private func allGather(
    _ bytes: UnsafeRawBufferPointer, _ all: UnsafeMutableRawPointer?,
    _ request: UnsafeMutablePointer<message_request>?
  ) -> Int32 {
    let (count, size) = (count, bytes.count)
    return collective(Array(bytes), request) { contributions in
      guard contributions.count == count else { return false }
      let place = UnsafeMutableRawBufferPointer(start: all, count: count * size)
      for (rank, bytes) in contributions {
        UnsafeMutableRawBufferPointer(rebasing: place[rank * size..<(rank + 1) * size]).copyBytes(from: bytes)
      }
      return true
    }
  }

  private func collective(
    _ own: [UInt8]?, _ request: UnsafeMutablePointer<message_request>?,
    _ end: @escaping ([Int: [UInt8]]) -> Bool
  ) -> Int32 {
    let (number, rank) = (collectiveCount, rank)
    collectiveCount += 1
    if let own { mailboxes.state.withLock { $0.collective[number, default: [:]][rank] = own } }
    return begin(request) { state in end(state.collective[number, default: [:]]) }
  }

  /// Returns whether all requests have ended; nil where a message is lost.
  private func test(_ asked: UnsafeMutableBufferPointer<message_request>) -> Bool? {
    mailboxes.state.withLock { state in
      for request in asked where requests[request]?(&state) ?? false { requests[request] = nil }
    }
    return asked.allSatisfy { requests[$0] == nil }
  }

  private func randomDelay() -> Int {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(random >> 33) % 4
  }
}
