import CMessagePassing

extension Communicator {
  /// Returns what rank `root` passed; the others' bytes are not looked at.
  public func broadcast(_ bytes: [UInt8], from root: Int = 0) throws(MessagePassingError) -> [UInt8] {
    guard let exchange else { return bytes }
    let count = MessageBytes(rank == root ? Self.bytes(of: bytes.count) : [], count: Self.countSize)
    try run(exchange) { transport, _ throws(MessagePassingError) in [try transport.broadcast(count.memory, from: root)]
    }
    let message = MessageBytes(rank == root ? bytes : [], count: Self.count(count.result[...]))
    try run(exchange) { transport, _ throws(MessagePassingError) in
      [try transport.broadcast(message.memory, from: root)]
    }
    return message.result
  }

  /// Returns the bytes of every rank in their order on rank 0, and an empty list on the others. Their counts may
  /// differ.
  public func gather(_ bytes: [UInt8]) throws(MessagePassingError) -> [[UInt8]] {
    guard let exchange else { return [bytes] }
    let counts = try equalCounts(exchange, Self.bytes(of: bytes.count)).map { Self.count($0) }
    let own = MessageBytes(bytes, count: bytes.count)
    let others = rank == 0 ? counts.dropFirst().map { MessageBytes([], count: $0) } : []
    try run(exchange) { transport, tag throws(MessagePassingError) in
      var requests: [message_request] = []
      for (index, message) in others.enumerated() {
        requests.append(try transport.receive(message.memory, from: index + 1, tag: tag))
      }
      if self.rank > 0 { requests.append(try transport.send(own.readOnly, to: 0, tag: tag)) }
      return requests
    }
    return rank == 0 ? [bytes] + others.map(\.result) : []
  }

  /// Returns the bytes of every rank in their order, on every rank. Their counts may differ; meant for small ones.
  public func allGather(_ bytes: [UInt8]) throws(MessagePassingError) -> [[UInt8]] {
    guard let exchange else { return [bytes] }
    let counts = try equalCounts(exchange, Self.bytes(of: bytes.count)).map { Self.count($0) }
    let longest = counts.max() ?? 0
    let all = try equalCounts(exchange, bytes + [UInt8](repeating: 0, count: longest - bytes.count))
    return zip(all, counts).map { Array($0.prefix($1)) }
  }

  /// Waits until every rank has called this.
  /// - Parameter hasTimeLimit: Whether that may take no longer than a message; false where ranks first do work of any
  ///   length. The launcher still ends all where one of them ends.
  public func barrier(hasTimeLimit: Bool = true) throws(MessagePassingError) {
    if let exchange { _ = try equalCounts(exchange, [0], hasTimeLimit: hasTimeLimit) }
  }

  /// Returns whether any rank passed true: a request to stop, for example.
  public func isAny(_ flag: Bool) throws(MessagePassingError) -> Bool {
    guard let exchange else { return flag }
    return try equalCounts(exchange, [flag ? 1 : 0]).contains { $0.first == 1 }
  }

  /// Returns the bytes of every rank, as many of each.
  private func equalCounts(
    _ exchange: Exchange, _ bytes: [UInt8], hasTimeLimit: Bool = true
  ) throws(MessagePassingError) -> [ArraySlice<UInt8>] {
    let own = MessageBytes(bytes, count: bytes.count)
    let all = MessageBytes([], count: bytes.count * rankCount)
    try run(exchange, hasTimeLimit: hasTimeLimit) { transport, _ throws(MessagePassingError) in
      [try transport.allGather(own.readOnly, to: all.memory)]
    }
    let result = all.result
    return (0..<rankCount).map { result[$0 * bytes.count..<($0 + 1) * bytes.count] }
  }

  /// Starts messages on the communicator's thread and waits for their end.
  private func run(
    _ exchange: Exchange, hasTimeLimit: Bool = true,
    _ start: @escaping (Transport, _ tag: Int32) throws(MessagePassingError) -> [message_request]
  ) throws(MessagePassingError) {
    let number = exchange.submit { number in
      TransferJob(hasTimeLimit: hasTimeLimit) { transport throws(MessagePassingError) in
        try start(transport, Self.tag(of: number))
      }
    }
    try exchange.wait(for: number)
  }

  /// Bytes of a count in a message.
  private static let countSize = 8

  private static func bytes(of count: Int) -> [UInt8] { (0..<countSize).map { UInt8(count >> ($0 * 8) & 0xFF) } }

  private static func count(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }
}

/// Bytes of a message at a place that stays while the message is under way: a job holds them.
private final class MessageBytes {
  let memory: UnsafeMutableRawBufferPointer

  /// - Parameters:
  ///   - bytes: What is there at first; zeros follow.
  ///   - count: Bytes of the message.
  init(_ bytes: [UInt8], count: Int) {
    memory = .allocate(byteCount: count, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    memory.copyBytes(from: bytes)
  }

  deinit { memory.deallocate() }

  var readOnly: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }
  var result: [UInt8] { Array(memory) }
}
