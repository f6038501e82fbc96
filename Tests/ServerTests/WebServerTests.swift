import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Server

/// The server over loopback: its checks, its limits and its answers.
@Suite("Web server", .serialized)
struct WebServerTests {
  private static func limits() -> WebLimits {
    var limits = WebLimits()
    limits.idleSeconds = 0.5
    limits.stallSeconds = 1
    limits.bodySeconds = 1
    limits.skippedByteCount = 1 << 16
    return limits
  }

  /// A server that tells what it was asked, and reads bodies of up to 1 MiB.
  private static func server(token: String? = nil, limits: WebLimits = limits()) throws -> WebServer {
    try WebServer(host: "127.0.0.1", port: 0, token: token, limits: limits) { request in
      switch request.path.first {
      case "body": return WebResponse(try await request.body(limit: 1 << 20), type: "text/plain")
      case "busy": throw WebError.busy("too much to do", retryAfter: 7)
      case "events":
        return WebResponse { writer in
          try await writer.write(event: "hello", Array("{}".utf8))
          try await Task.sleep(for: .seconds(60))
        }
      case "endless":
        return WebResponse(type: "text/plain") { writer in
          while true { try await writer.write([UInt8](repeating: 65, count: 1 << 16)) }
        }
      case "large": return WebResponse([UInt8](repeating: 65, count: 24 << 20), type: "text/plain")
      default: return try WebResponse(json: request.path)
      }
    }
  }

  /// Returns the status of the answer to a request.
  private static func status(_ server: WebServer, _ first: String, _ headers: String..., body: String = "") throws
    -> Int
  {
    try status(server, first, headers, body: body)
  }

  private static func status(_ server: WebServer, _ first: String, _ headers: [String], body: String = "") throws
    -> Int
  {
    let lines = [first + " HTTP/1.1"] + headers + ["Connection: close"]
    let answer = try RawClient.answer(port: server.port, lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    return Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0
  }

  @Test("Answers have the safety headers, errors are JSON, and the time to wait is told")
  func answers() throws {
    let server = try Self.server()
    defer { server.stop() }
    let host = "Host: 127.0.0.1:\(server.port)\r\nConnection: close\r\n\r\n"
    let answer = try RawClient.answer(port: server.port, "GET /a/b%20c?x=1 HTTP/1.1\r\n" + host)
    #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix(#"["a","b c"]"#), "\(answer)")
    #expect(answer.contains("Content-Security-Policy: default-src 'none'; script-src 'self';"))
    #expect(!answer.contains("unsafe-inline") && answer.contains("X-Content-Type-Options: nosniff"))
    let busy = try RawClient.answer(port: server.port, "GET /busy HTTP/1.1\r\n" + host)
    #expect(busy.hasPrefix("HTTP/1.1 503") && busy.contains("Retry-After: 7\r\n"), "\(busy)")
    #expect(busy.hasSuffix(#"{"code":"busy","error":"too much to do"}"#))
  }

  @Test("Only requests to this server from its own page are answered")
  func hostAndOrigin() throws {
    let server = try Self.server()
    defer { server.stop() }
    let own = "Host: 127.0.0.1:\(server.port)"
    #expect(try Self.status(server, "GET /", own) == 200)
    #expect(try Self.status(server, "GET /", "Host: LOCALHOST:\(server.port)") == 200)
    #expect(try Self.status(server, "GET /", "Host: [::1]:\(server.port)") == 200)
    for host in [
      "evil.example:\(server.port)", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:\(server.port)", "",
      "10.0.0.1:\(server.port)",
    ] {
      #expect([400, 403].contains(try Self.status(server, "GET /", "Host: \(host)")), "\(host)")
    }
    #expect(try Self.status(server, "GET /", own, "Origin: http://127.0.0.1:\(server.port)") == 200)
    for origin in [
      "null", "http://evil.example", "https://127.0.0.1:\(server.port)", "http://localhost:\(server.port)",
    ] {
      #expect(try Self.status(server, "GET /", own, "Origin: \(origin)") == 403, "\(origin)")
    }
    #expect(try Self.status(server, "GET /x", own, "Sec-Fetch-Site: cross-site") == 403)
    let visit = [own, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
    #expect(try Self.status(server, "GET /", visit) == 200)
    #expect(try Self.status(server, "GET /x", visit) == 403)
    #expect(try Self.status(server, "POST /body", own, "Content-Length: 1", body: "a") == 403)
    #expect(try Self.status(server, "POST /body", own, "X-Recolor: 1", "Content-Length: 1", body: "a") == 200)
    #expect(try Self.status(server, "PUT /body", own, "X-Recolor: 1", "Content-Length: 1", body: "a") == 405)
  }

  @Test("A link to the page is followed from anywhere, and nothing else is asked from elsewhere")
  func links() throws {
    let server = try Self.server(token: "0123456789abcdef")
    defer { server.stop() }
    let own = "Host: 127.0.0.1:\(server.port)"
    let cookie = "Cookie: recolor-\(server.port)=0123456789abcdef"
    let secret = "/?token=0123456789abcdef"
    for site in ["cross-site", "same-site"] {
      let visit = [own, "Sec-Fetch-Site: \(site)", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
      #expect(try Self.status(server, "GET \(secret)", visit) == 303)
      // Where the answer leads, which is a visit of the other page as well.
      #expect(try Self.status(server, "GET /", visit + [cookie]) == 200)
      #expect(try Self.status(server, "GET /", visit) == 401)
      for first in [
        "GET /?token=0123456789abcdee", "GET /?token=", "GET \(secret)&x=1", "GET /x?token=0123456789abcdef",
        "GET /api/state", "HEAD \(secret)", "DELETE \(secret)",
      ] {
        #expect(try Self.status(server, first, visit + [cookie, "X-Recolor: 1"]) == 403, "\(first)")
      }
      #expect(
        try Self.status(server, "POST \(secret)", visit + [cookie, "X-Recolor: 1", "Content-Length: 1"], body: "a")
          == 403)
      for part in ["Mode: no-cors", "Mode: cors", "Dest: iframe", "Dest: embed", "Dest: image", "Dest: empty"] {
        let name = part.prefix { $0 != ":" }
        let asked = visit.filter { !$0.contains("Fetch-\(name)") } + ["Sec-Fetch-\(part)", cookie]
        #expect(try Self.status(server, "GET \(secret)", asked) == 403, "\(part)")
      }
    }
    // A browser sends the cookie with such a visit, and with no other request of another page.
    let answer = try RawClient.answer(
      port: server.port, "GET \(secret) HTTP/1.1\r\n\(own)\r\nConnection: close\r\n\r\n")
    #expect(answer.contains("HttpOnly; SameSite=Lax\r\n") && answer.contains("Location: /\r\n"), "\(answer)")
  }

  @Test("A server at all addresses says by which ones it is reached, and answers by their names")
  func machineAddresses() throws {
    for (host, withIPv6) in [("0.0.0.0", false), ("::", true)] {
      let started = try? WebServer(host: host, port: 0, token: "0123456789abcdef") { _ in .noContent }
      // There are machines without IPv6.
      if withIPv6, started == nil { continue }
      let server = try #require(started)
      defer { server.stop() }
      let end = ":\(server.port)/?token=0123456789abcdef"
      #expect(server.address == "http://127.0.0.1\(end)")
      let found = WebServer.machineAddresses(withIPv6: withIPv6)
      #expect(server.addresses.count == max(1, found.count))
      #expect(
        found.allSatisfy { !WebServer.isLoopback($0) && !$0.hasPrefix("fe80") && (withIPv6 || !$0.contains(":")) })
      for address in server.addresses {
        #expect(address.hasPrefix("http://") && address.hasSuffix(end), "\(address)")
        let name = address.dropFirst("http://".count).prefix { $0 != "/" }
        #expect(try Self.status(server, "GET /?token=0123456789abcdef", "Host: \(name)") == 303, "\(name)")
        #expect(try Self.status(server, "GET /", "Host: \(name)") == 401, "\(name)")
      }
    }
  }

  /// The parts of a request that have come, in their order.
  private final class Stages: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }

    func append(_ stage: String) { list.withLock { $0.append(stage) } }

    func wait(for count: Int) { for _ in 0..<1000 where all.count < count { usleep(10_000) } }
  }

  @Test("The end of a client's connection is told to the work for it")
  func connectionEnd() throws {
    let stages = Stages()
    let server = try WebServer(host: "127.0.0.1", port: 0, token: nil) { request in
      let connection = request.connection
      stages.append(connection.isClosed ? "closed early" : "asked")
      await withCheckedContinuation { continuation in connection.whenClosed { continuation.resume() } }
      stages.append(connection.isClosed ? "closed" : "open")
      throw CancellationError()
    }
    defer { server.stop() }
    var client: RawClient? = try RawClient(port: server.port)
    client?.send("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n")
    stages.wait(for: 1)
    #expect(stages.all == ["asked"])
    client = nil
    stages.wait(for: 2)
    #expect(stages.all == ["asked", "closed"])
  }

  @Test("A client that has closed its sending side gets its answer, or that its work was dropped")
  func halfClosedClients() throws {
    let server = try WebServer(host: "127.0.0.1", port: 0, token: nil) { request in
      guard request.path.first == "work" else {
        return WebResponse([UInt8](repeating: 65, count: 4 << 20), type: "text/plain")
      }
      let connection = request.connection
      await withCheckedContinuation { continuation in connection.whenClosed { continuation.resume() } }
      throw CancellationError()
    }
    defer { server.stop() }
    func answer(_ target: String) throws -> String {
      let client = try RawClient(port: server.port)
      client.send("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n")
      client.finishSending()
      return client.receive()
    }
    let whole = try answer("/")
    #expect(whole.hasPrefix("HTTP/1.1 200") && whole.hasSuffix("AAAA") && whole.utf8.count > 4 << 20)
    let dropped = try answer("/work")
    #expect(dropped.hasPrefix("HTTP/1.1 400") && dropped.hasSuffix("\"}"), "\(dropped)")
    #expect(dropped.contains(#"{"code":"bad-request","error":"the connection was closed before"#), "\(dropped)")
  }

  @Test("Addresses of this machine alone need no token")
  func loopback() {
    for host in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] { #expect(WebServer.isLoopback(host), "\(host)") }
    for host in ["0.0.0.0", "::", "127.example.com", "127.0.0.1.example.com", "10.0.0.1"] {
      #expect(!WebServer.isLoopback(host), "\(host)")
    }
  }

  @Test("With a token, nothing is answered without it")
  func token() throws {
    let server = try Self.server(token: "0123456789abcdef")
    defer { server.stop() }
    let own = "Host: 127.0.0.1:\(server.port)"
    #expect(server.address.hasSuffix("/?token=0123456789abcdef"))
    // Of each port its own: a browser sends the cookies of a host to all its ports.
    let cookie = "recolor-\(server.port)"
    #expect(try Self.status(server, "GET /", own) == 401)
    #expect(try Self.status(server, "GET /?token=0123456789abcdeg", own) == 401)
    #expect(try Self.status(server, "GET /?token=0123456789abcdef", own) == 303)
    #expect(try Self.status(server, "GET /x", own, "Cookie: a=b; \(cookie)=0123456789abcdef") == 200)
    #expect(try Self.status(server, "GET /x", own, "Cookie: \(cookie)=") == 401)
    #expect(try Self.status(server, "GET /x", own, "Authorization: Bearer 0123456789abcdef") == 200)
    #expect(try Self.status(server, "GET /x", own, "Cookie: recolor-1=0123456789abcdef") == 401)
    // A name that leads to this machine is not one of its addresses.
    #expect(
      try Self.status(server, "GET /x", "Host: evil.example:\(server.port)", "Cookie: \(cookie)=0123456789abcdef")
        == 403)
  }

  @Test(
    "Addresses with parts that no address here has are refused",
    arguments: [
      "/../etc/passwd", "/a/%2e%2e/b", "/a/..%2fb", "/a/%2Fetc", "/a//b", "/a/%00", "/a/%5c..", "/%zz", "/%e9", "/a/%",
      "/?a=%-0",
      "//", "/.", "/%2B%+1", "/\(String(repeating: "a", count: 5000))",
    ])
  func traversal(target: String) throws {
    #expect(throws: WebError.self) { try RequestTarget(target) }
  }

  @Test("Addresses are decoded")
  func targets() throws {
    let target = try RequestTarget("/api/r%C3%A9?name=a%2Fb&x=&y&name=%26")
    #expect(target.path == ["api", "ré"])
    #expect(target.query.map(\.name) == ["name", "x", "y", "name"])
    #expect(target.query.map(\.value) == ["a/b", "", "", "&"])
    #expect(try RequestTarget("/").path.isEmpty)
  }

  @Test("Names of saved files hold nothing that acts")
  func contentDisposition() {
    #expect(ContentDisposition.attachment("old.png") == #"attachment; filename="old.png""#)
    #expect(
      ContentDisposition.attachment("../é\"\r\n\u{202E}x.png")
        == #"attachment; filename="..______x.png"; filename*=UTF-8''.._%C3%A9%22___x.png"#)
  }

  @Test("Bodies beyond the limit are refused before they are read, also endless ones")
  func bodies() throws {
    let server = try Self.server()
    defer { server.stop() }
    let head = "Host: 127.0.0.1:\(server.port)\r\nX-Recolor: 1\r\n"
    let large = try RawClient(port: server.port)
    large.send("POST /body HTTP/1.1\r\n\(head)Content-Length: 10000000000\r\n\r\n")
    let refusal = large.receive()
    #expect(refusal.hasPrefix("HTTP/1.1 413") && refusal.contains("too-large"), "\(refusal)")
    let chunked = try RawClient(port: server.port)
    chunked.send("POST /body HTTP/1.1\r\n\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    #expect(chunked.receive(until: "length-required").hasPrefix("HTTP/1.1 411"))
    // The connection ends although the body does not.
    let part = "10000\r\n" + String(repeating: "a", count: 1 << 16) + "\r\n"
    #expect(!(0..<1000).allSatisfy { _ in chunked.send(part) })
    #expect(
      try Self.status(server, "POST /body", "Host: 127.0.0.1:\(server.port)", "X-Recolor: 1", "Content-Length: -1")
        == 400)
  }

  @Test("Clients that send the head or the body too slowly, or an endless head, are closed")
  func slowClients() throws {
    let server = try Self.server()
    defer { server.stop() }
    let idle = try RawClient(port: server.port)
    let trickling = try RawClient(port: server.port)
    let body = try RawClient(port: server.port)
    body.send(
      "POST /body HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nX-Recolor: 1\r\nContent-Length: 100000\r\n\r\n")
    let start = ContinuousClock.now
    trickling.send("GET / HTTP/1.1\r\nX: ")
    // A byte now and then keeps neither a head nor a body alive.
    while trickling.send("a"), ContinuousClock.now - start < .seconds(8) { usleep(100_000) }
    while body.send("a"), ContinuousClock.now - start < .seconds(8) { usleep(100_000) }
    #expect(ContinuousClock.now - start < .seconds(8))
    #expect(idle.receive().isEmpty)
    let endless = try RawClient(port: server.port)
    endless.send("GET / HTTP/1.1\r\n")
    let line = "X: " + String(repeating: "a", count: 1 << 14) + "\r\n"
    while endless.send(line), ContinuousClock.now - start < .seconds(16) { usleep(1000) }
    #expect(ContinuousClock.now - start < .seconds(16))
  }

  @Test("A client that takes nothing of its answer is closed, and events go on")
  func stalledClients() throws {
    let server = try Self.server()
    defer { server.stop() }
    let host = "Host: 127.0.0.1:\(server.port)\r\n\r\n"
    let events = try RawClient(port: server.port)
    events.send("GET /events HTTP/1.1\r\n" + host)
    #expect(events.receive(until: "data: {}\n\n").contains("event: hello\n"))
    let stalled = try RawClient(port: server.port)
    stalled.send("GET /endless HTTP/1.1\r\n" + host)
    usleep(4_000_000)
    // The part of the answer that the system holds comes, and then its end.
    let answer = stalled.receive()
    #expect(answer.hasPrefix("HTTP/1.1 200") && answer.utf8.count < 64 << 20)
  }

  @Test("A client that takes its answer slowly gets it all")
  func slowReaders() throws {
    var limits = Self.limits()
    limits.stallSeconds = 3
    let server = try Self.server(limits: limits)
    defer { server.stop() }
    // A receive buffer that the system sizes takes up to 32 MiB ahead, for whose reading the server waits as for
    // nothing (2 s and more were seen).
    let client = try RawClient(port: server.port, receiveBufferByteCount: 1 << 18)
    client.send("GET /large HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nConnection: close\r\n\r\n")
    // Longer in all than a client may take nothing.
    let answer = client.receive(pausing: 200_000, afterEach: 1 << 20)
    #expect(answer.count > 24 << 20 && answer.error == 0, "\(answer)")
  }

  @Test("A taken port is an error of one line")
  func takenPort() throws {
    let server = try Self.server()
    defer { server.stop() }
    #expect {
      try WebServer(host: "127.0.0.1", port: server.port, token: nil) { _ in .noContent }
    } throws: { error in
      (error as? WebServerError)?.isPortTaken == true && !"\(error)".contains("\n")
    }
    #expect(throws: WebServerError.self) {
      try WebServer(host: "192.0.2.1", port: 0, token: nil) { _ in .noContent }
    }
  }
}
