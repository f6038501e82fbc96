import Glibc

/// One end of a connection between two processes, for messages of any length. Owns the descriptor.
final class CompilationConnection: Sendable {
  let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { _ = close(descriptor) }

  /// Returns both ends of a new connection; nil where the system grants none.
  static func pair() -> (CompilationConnection, CompilationConnection)? {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { return nil }
    return (CompilationConnection(descriptor: ends[0]), CompilationConnection(descriptor: ends[1]))
  }

  /// Ends the connection for both: nothing more is received at either end.
  func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends a message: its length in eight bytes, then its bytes. Returns false where the other end is closed.
  func send(_ message: [UInt8]) -> Bool {
    let length = withUnsafeBytes(of: UInt64(message.count).littleEndian) { Array($0) }
    var rest = (length + message)[...]
    while !rest.isEmpty {
      // Without a signal where the other process has ended.
      let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent < 0, errno == EINTR { continue }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  /// Waits for a message; nil where the other end is closed.
  func receive() -> [UInt8]? {
    guard let length = receive(byteCount: MemoryLayout<UInt64>.size) else { return nil }
    let count = length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard count <= Self.longestMessage else { return nil }
    return receive(byteCount: Int(count))
  }

  /// More than any program has.
  private static let longestMessage = 64 << 20

  private func receive(byteCount: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var filled = 0
    while filled < byteCount {
      let received = bytes.withUnsafeMutableBytes { buffer in
        recv(descriptor, buffer.baseAddress.map { $0 + filled }, byteCount - filled, 0)
      }
      if received < 0, errno == EINTR { continue }
      guard received > 0 else { return nil }
      filled += received
    }
    return bytes
  }
}
