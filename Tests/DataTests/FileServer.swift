import Foundation
import Synchronization
import Testing

/// An HTTP server on this machine for one file, which can fail in several ways.
final class FileServer: Sendable {
  /// The response to a request.
  enum Behavior: Sendable {
    /// Sends the file, or the requested range.
    case serve
    /// Sends the whole file even where a range is requested.
    case ignoreRange
    /// Closes the connection after a number of bytes of the body.
    case breakOff(after: Int)
    case status(Int)
    case redirect(to: String)
  }

  private struct State {
    var behaviors: [Behavior]
    var starts: [Int?] = []
    var isStopped = false
  }

  let url: String
  private let contents: [UInt8]
  private let socketNumber: Int32
  private let state: Mutex<State>
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Starts the server. Requests take the `behaviors` in turn; the last one is repeated.
  init(_ contents: [UInt8], _ behaviors: [Behavior] = [.serve]) throws {
    // Without a proxy of the environment.
    setenv("no_proxy", "127.0.0.1", 1)
    self.contents = contents
    state = Mutex(State(behaviors: behaviors))
    #if canImport(Glibc)
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let listener = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, address, &length) == 0
      }
    }
    guard listener >= 0, status else { throw POSIXError(.EADDRNOTAVAIL) }
    socketNumber = listener
    url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/archive.tar.gz"
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection >= 0 {
          answer(connection)
          close(connection)
        } else if state.withLock({ $0.isStopped }) {
          break
        }
      }
      close(listener)
      hasEnded.signal()
    }
  }

  /// The start of the range of each request so far; nil for requests of the whole file.
  var starts: [Int?] { state.withLock { $0.starts } }

  /// Stops the server: further connections are refused. May be called once.
  ///
  /// This waits for the server's thread, which alone closes the socket: the next server's socket gets the number of a
  /// closed one, and a thread that still accepted on that number would answer in the next server's place.
  func stop() {
    state.withLock { $0.isStopped = true }
    shutdown(socketNumber, Int32(SHUT_RDWR))
    if hasEnded.wait(timeout: .now() + 60) == .timedOut { Issue.record("the file server's thread does not end") }
  }

  private func answer(_ connection: Int32) {
    var request: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !request.contains([13, 10, 13, 10]) {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count <= 0 { return }
      request += buffer[..<count]
    }
    var start: Int?
    for line in String(decoding: request, as: UTF8.self).lowercased().split(separator: "\r\n")
    where line.hasPrefix("range: bytes=") {
      start = Int(line.dropFirst("range: bytes=".count).prefix { $0.isNumber })
    }
    let behavior = state.withLock { state in
      state.starts.append(start)
      return state.behaviors.count > 1 ? state.behaviors.removeFirst() : state.behaviors[0]
    }
    switch behavior {
    case .status(let code): send("HTTP/1.1 \(code) No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", connection)
    case .redirect(let place):
      send("HTTP/1.1 302 No\r\nLocation: \(place)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", connection)
    case .ignoreRange: send(from: nil, upTo: contents.count, connection)
    case .serve: send(from: start, upTo: contents.count, connection)
    case .breakOff(let count): send(from: start, upTo: (start ?? 0) + count, connection)
    }
  }

  private func send(from start: Int?, upTo end: Int, _ connection: Int32) {
    if let start, start >= contents.count {
      return send("HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", connection)
    }
    let first = start ?? 0
    let status = start == nil ? "200 OK" : "206 Partial Content"
    send(
      "HTTP/1.1 \(status)\r\nContent-Length: \(contents.count - first)\r\nConnection: close\r\n"
        + (start == nil ? "" : "Content-Range: bytes \(first)-\(contents.count - 1)/\(contents.count)\r\n") + "\r\n",
      connection)
    send(Array(contents[first..<min(end, contents.count)]), connection)
  }

  private func send(_ text: String, _ connection: Int32) { send(Array(text.utf8), connection) }

  private func send(_ bytes: [UInt8], _ connection: Int32) {
    var sent = 0
    bytes.withUnsafeBytes { bytes in
      while sent < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
        let count = Foundation.send(connection, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        if count <= 0 { return }
        sent += count
      }
    }
  }
}
