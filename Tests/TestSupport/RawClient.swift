import Glibc

/// A connection to a server on 127.0.0.1 that sends whatever bytes it is told to.
public final class RawClient {
  private let socket: Int32

  public struct Failure: Error {}

  /// - Parameter receiveBufferByteCount: Bytes that the system takes ahead of this program; nil lets it choose.
  public init(port: Int, receiveBufferByteCount: Int32? = nil) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var byteCount = receiveBufferByteCount {
      setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &byteCount, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    // A server that does not answer fails the test instead of stopping it.
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure() }
  }

  deinit { close(socket) }

  /// Sends text. Returns false where the server takes no more.
  @discardableResult
  public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends bytes. Returns false where the server takes no more.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Closes this side of the connection, and goes on reading.
  public func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

  /// Returns what the server sends until `end` comes, or until it closes the connection or sends nothing for ten
  /// seconds.
  public func receive(until end: String? = nil) -> String {
    String(decoding: receiveBytes(until: end.map { Array($0.utf8) }), as: UTF8.self)
  }

  /// Returns what the server sends until `end` comes, as `receive(until:)`.
  public func receiveBytes(until end: [UInt8]? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { return bytes }
      bytes += buffer.prefix(count)
      if let end, bytes.contains(end) { return bytes }
    }
  }

  /// Takes the bytes of the server until it closes the connection, with a pause after each so many. Returns their
  /// number, and the error with which the connection ended, 0 where the server closed it in order.
  public func receive(pausing microseconds: UInt32, afterEach byteCount: Int) -> (count: Int, error: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var (all, piece) = (0, 0)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { return (all, count < 0 ? errno : 0) }
      all += count
      piece += count
      guard piece >= byteCount else { continue }
      piece = 0
      usleep(microseconds)
    }
  }

  /// Sends a request and returns the answer; the connection ends with it.
  public static func answer(port: Int, _ request: String) throws -> String {
    let client = try RawClient(port: port)
    client.send(request)
    return client.receive()
  }
}
