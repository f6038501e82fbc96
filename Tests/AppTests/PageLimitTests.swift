import Files
import Foundation
import TestSupport
import Testing

@testable import App

/// The limits of the page's server, and clients that go, or do not take what they asked for.
@Suite("Limits of the page", .serialized)
struct PageLimitTests {
  private let page: PageFixture

  init() throws { page = try PageFixture() }

  @Test("Too much at a time is refused with the time to wait")
  func busy() throws {
    var limits = PageService.Limits()
    limits.jobCount = 1
    try page.withServer(limits: limits) { client, service in
      let (events, session) = try client.openEvents()
      let id = try page.upload(client, session)
      let before = try client.get("/api/photographs/\(id)?session=\(session)").json
      // Occupies the threads and the queue.
      let gate = Gate()
      for _ in 0..<3 {
        while !service.queue.hasRoom { usleep(1000) }
        _ = service.queue.add { _ in gate.wait() }
        usleep(50_000)
      }
      let answer = try client.post("/api/photographs?session=\(session)&name=a.png", page.picture)
      #expect(answer.status == 503 && answer.head.contains("Retry-After: "), "\(answer.head)")
      // A refused wish leaves the photograph as it was, so that the second try is not taken for done.
      for _ in 0..<2 {
        let wish = try client.post("/api/photographs/\(id)/color?session=\(session)", #"{"workingSize":48}"#)
        #expect(wish.status == 503)
      }
      let after = try client.get("/api/photographs/\(id)?session=\(session)").json
      #expect(after["state"] as? String == "done" && after["workingSize"] as? Int == before["workingSize"] as? Int)
      gate.open()
      _ = events
    }
  }

  @Test("The predicted colors of photographs are counted with their files, also before they are there")
  func predictionsAreCounted() throws {
    var limits = PageService.Limits()
    // The display copy has 5.8 MB, and at most 7.7 MB.
    limits.sessions.byteCount = 9_000_000
    try page.withServer(limits: limits) { client, service in
      let (events, session) = try client.openEvents()
      let target = try page.uploadLarge(client, session)
      let photograph = try #require(service.sessions[session]?.state.withLock { $0.photographs.first })
      // At the scale the width is 21 pixels, which are rounded to 16.
      let (file, display, seen) = (photograph.fileByteCount, 3 * 1600 * 1200, 16 * 16)
      #expect(photograph.byteCount == file + display + 16 + 11 * seen)
      let hinted = try client.post(
        "\(target)/color?session=\(session)", ##"{"hints":[{"x":10,"y":20,"color":"#a02020"}]}"##)
      #expect(hinted.status == 200 && photograph.byteCount == file + display + 16 + 23 * seen)
      // The colors at this size would have 8 MB.
      let large = try client.post("\(target)/color?session=\(session)", #"{"workingSize":512}"#)
      #expect(large.status == 503 && large.head.contains("Retry-After: "), "\(large.head)")
      #expect(large.json["code"] as? String == "busy")
      let report = try client.get("\(target)?session=\(session)").json
      #expect(report["workingSize"] as? Int == 16 && report["state"] as? String == "done")
      // And a second photograph may have a display copy of 7.7 MB.
      let second = try client.post("/api/photographs?session=\(session)&name=a.png", page.picture)
      #expect(second.status == 503 && second.head.contains("Retry-After: "), "\(second.head)")
      #expect(try client.post("\(target)/color?session=\(session)", #"{"workingSize":48}"#).status == 202)
      _ = events
    }
  }

  @Test("A page may have the network see a limited number of pixels")
  func workingSizes() throws {
    var limits = PageService.Limits()
    limits.workingPixelCount = 64 * 64
    try page.withServer(limits: limits) { client, _ in
      let (events, session) = try client.openEvents()
      #expect(try client.get("/api/state").json["workingSizes"] as? [Int] == [16, 64])
      let id = try page.upload(client, session)
      let target = "/api/photographs/\(id)"
      // 90×60 pixels are 96×64 of the network's.
      for (method, answer) in [
        ("color", try client.post("\(target)/color?session=\(session)", #"{"workingSize":64}"#)),
        ("upload", try client.post("/api/photographs?session=\(session)&name=a.png&workingSize=80", page.picture)),
      ] {
        #expect(answer.status == 413 && answer.json["code"] as? String == "too-large", "\(method): \(answer.head)")
        #expect(answer.error?.contains("4,096 pixels") ?? false, "\(method): \(answer.error ?? "")")
      }
      #expect(try client.get("\(target)?session=\(session)").json["state"] as? String == "done")
      // The size is known once the picture is read.
      let made = try client.post("/api/photographs?session=\(session)&name=a.png&workingSize=64", page.picture)
      let other = try #require(made.json["id"] as? String)
      let report = try client.waitForPhotograph(other, session: session)
      #expect(report["state"] as? String == "failed")
      #expect((report["error"] as? String)?.contains("4,096 pixels") ?? false, "\(report)")
      _ = events
    }
  }

  @Test("Files that clients do not take are limited, and are gone with the client")
  func downloads() throws {
    var limits = PageService.Limits()
    limits.downloadCount = 1
    try page.withServer(limits: limits) { client, service in
      let (events, session) = try client.openEvents()
      let target = "\(try page.uploadLarge(client, session))/colored?session=\(session)"
      var held: PrivateFile? = try PrivateFile(service.downloads.part(for: "another page", byteCount: 0))
      try Array("some bytes".utf8).withUnsafeBytes { try held?.append($0) }
      #expect(service.downloads.use == (1, 10))
      let second = try client.get("\(target)&format=jpeg")
      #expect(second.status == 503 && second.head.contains("Retry-After: "), "\(second.head)")
      held = nil
      #expect(service.downloads.use == (0, 0))
      #expect(try client.get("\(target)&format=jpeg").status == 200)
      // A client that goes before it has its file.
      var going: RawClient? = try RawClient(port: client.port, receiveBufferByteCount: 1 << 14)
      going?.send("GET \(target)&format=tiff HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\n\r\n")
      for _ in 0..<1000 where service.downloads.use.count == 0 { usleep(1000) }
      going = nil
      for _ in 0..<1000 where service.downloads.use.count > 0 { usleep(10_000) }
      #expect(service.downloads.use == (0, 0))
      _ = events
    }
    // Fewer than the file has.
    limits.downloadByteCount = 1000
    try page.withServer(limits: limits) { client, service in
      let (events, session) = try client.openEvents()
      let target = "\(try page.uploadLarge(client, session))/colored?session=\(session)"
      let large = try client.get("\(target)&format=tiff")
      #expect(large.status == 503 && large.head.contains("Retry-After: "), "\(large.head)")
      #expect(large.error?.contains("\n") == false, "\(large.error ?? "")")
      // The file goes on another thread, which the answer does not wait for.
      for _ in 0..<1000 where service.downloads.use.count > 0 { usleep(10_000) }
      #expect(service.downloads.use == (0, 0))
      _ = events
    }
  }

  @Test("The room for a file is taken when it is asked for, and what it does not need is given back")
  func reservedRoom() throws {
    var limits = PageService.Limits()
    // One photograph has 90 × 60 pixels of 3 bytes.
    limits.downloadByteCount = 30_000
    try page.withServer(limits: limits) { client, service in
      let (events, session) = try client.openEvents()
      let target = "/api/photographs/\(try page.upload(client, session))/colored?session=\(session)"
      let gate = Gate()
      defer { gate.open() }
      for _ in 0..<2 { _ = service.queue.add { _ in gate.wait() } }
      let first = try RawClient(port: client.port)
      first.send("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\nConnection: close\r\n\r\n")
      for _ in 0..<1000 where service.downloads.use.count == 0 { usleep(10_000) }
      #expect(service.downloads.use == (1, 16_200))
      let second = try client.get(target)
      #expect(second.status == 503 && second.head.contains("Retry-After: "), "\(second.head)")
      gate.open()
      #expect(first.receive().hasPrefix("HTTP/1.1 200"))
      for _ in 0..<1000 where service.downloads.use.count > 0 { usleep(10_000) }
      #expect(service.downloads.use == (0, 0))
      _ = events
    }
  }

  @Test("A file may outgrow its part while there is room, and says where that is for now")
  func outgrownParts() throws {
    let budget = FileBudget(countLimit: 4, ownerCountLimit: 2, byteLimit: 100)
    let part = try budget.part(for: "a", byteCount: 10)
    var other: FileBudget.Part? = try budget.part(for: "b", byteCount: 80)
    try part.cover(20)
    #expect(budget.use == (2, 100) && !part.lacksRoom)
    #expect(throws: FileError.self) { try part.cover(21) }
    #expect(part.lacksRoom && budget.use == (2, 100))
    #expect(throws: FileBudget.NoRoom.self) { _ = try budget.part(for: "a", byteCount: 1) }
    other = nil
    #expect(other == nil && budget.use == (1, 20))
    try part.cover(60)
    part.settle(50)
    #expect(budget.use == (1, 50))
    // No other file will be closed.
    #expect(throws: FileError.self) { try part.cover(101) }
    #expect(!part.lacksRoom)
    // One of more than all takes all.
    let lone = FileBudget(countLimit: 1, ownerCountLimit: 1, byteLimit: 100)
    let whole = try lone.part(for: "a", byteCount: 1000)
    #expect(lone.use == (1, 100))
    withExtendedLifetime((part, whole)) {}
  }

  @Test("One page holds a part of the files alone")
  func pageShare() throws {
    var limits = PageService.Limits()
    limits.downloadCount = 8
    try page.withServer(limits: limits) { client, service in
      let (events, session) = try client.openEvents()
      let target = "/api/photographs/\(try page.upload(client, session))/colored?session=\(session)"
      let held = try (0..<2).map { _ in try service.downloads.part(for: session, byteCount: 0) }
      let refused = try client.get(target)
      #expect(refused.status == 503 && refused.head.contains("Retry-After: "), "\(refused.head)")
      let (others, second) = try client.openEvents()
      let id = try page.upload(client, second)
      #expect(try client.get("/api/photographs/\(id)/colored?session=\(second)").status == 200)
      withExtendedLifetime((events, others, held)) {}
    }
  }

  @Test("An archive that has begun waits for room, and is whole", arguments: [false, true])
  func waitingArchive(isFullEarly: Bool) throws {
    var limits = PageService.Limits()
    limits.downloadByteCount = 100_000
    try page.withServer(limits: limits) { client, service in
      let (events, session) = try client.openEvents()
      let id = try page.upload(client, session)
      let photograph = try #require(service.sessions[session]?.state.withLock { $0.photographs.first })
      // Full when the file is begun, or when it has more bytes than were expected.
      if !isFullEarly { photograph.state.withLock { $0.pixelByteCount = 10 } }
      var held: FileBudget.Part? = try service.downloads.part(for: "another page", byteCount: 99_990)
      let alone = try client.get("/api/photographs/\(id)/colored?session=\(session)")
      #expect(alone.status == 503 && alone.head.contains("Retry-After: "), "\(alone.head)")
      let wish = #"{"format":"png","photographs":[{"id":"\#(id)"}]}"#
      let made = try client.post("/api/archives?session=\(session)", wish)
      let address = try #require(made.json["url"] as? String)
      let archive = try RawClient(port: client.port)
      archive.send("GET \(address) HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\nConnection: close\r\n\r\n")
      #expect(archive.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
      usleep(300_000)
      held = nil
      #expect(held == nil)
      let bytes = archive.receiveBytes()
      for part in ["old-colored.png", "sheet.png", "PK\u{5}\u{6}"] {
        #expect(bytes.firstRange(of: Array(part.utf8)) != nil, "\(part)")
      }
      #expect(bytes.suffix(5) == Array("0\r\n\r\n".utf8))
      _ = events
    }
  }

  @Test("A client that closes its sending side gets whole answers, also that its work was dropped")
  func halfClosedClients() throws {
    try page.withServer { client, service in
      let (events, session) = try client.openEvents()
      let id = try page.upload(client, session)
      let gate = Gate()
      defer { gate.open() }
      for _ in 0..<2 { _ = service.queue.add { _ in gate.wait() } }
      func answer(_ target: String, until end: String? = nil) throws -> String {
        let asking = try RawClient(port: client.port)
        asking.send("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\n\r\n")
        asking.finishSending()
        return asking.receive(until: end)
      }
      #expect(try answer("/").hasSuffix("</html>\n"))
      #expect(try answer("/api/photographs/\(id)?session=\(session)").hasSuffix("}"))
      #expect(try answer("/api/events?session=\(session)", until: "event: hello").contains("event: hello"))
      for target in ["colored", "preview"] {
        let dropped = try answer("/api/photographs/\(id)/\(target)?session=\(session)")
        #expect(dropped.hasPrefix("HTTP/1.1 400") && dropped.contains("Content-Length: "), "\(dropped)")
        #expect(dropped.contains(#"{"code":"bad-request","error":"the connection was closed"#), "\(dropped)")
      }
      _ = events
    }
  }

  @Test("The work for a client that is gone is not begun, nor that on a photograph that was removed")
  func abandonedRequests() throws {
    try page.withServer { client, service in
      let (events, session) = try client.openEvents()
      let target = "/api/photographs/\(try page.upload(client, session))"
      let photograph = try #require(service.sessions[session]?.state.withLock { $0.photographs.first })
      // Occupies the threads.
      let gate = Gate()
      defer { gate.open() }
      for _ in 0..<2 { _ = service.queue.add { _ in gate.wait() } }
      func wait(until isTrue: () -> Bool) { for _ in 0..<1000 where !isTrue() { usleep(10_000) } }
      wait { service.queue.waiting.isEmpty }

      let host = "HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\nX-Recolor: 1\r\n"
      var asking: RawClient? = try RawClient(port: client.port)
      asking?.send("GET \(target)/colored?session=\(session) \(host)\r\n")
      wait { service.queue.waiting.count == 1 }
      #expect(service.queue.waiting.count == 1)
      asking = nil
      wait { service.queue.waiting.isEmpty }
      #expect(service.queue.waiting.isEmpty)

      // Hints that are not spread do not stay.
      let wish = ##"{"hints":[{"x":1,"y":2,"color":"#a02020"}]}"##
      asking = try RawClient(port: client.port)
      asking?.send(
        "POST \(target)/color?session=\(session) \(host)Content-Length: \(wish.utf8.count)\r\n\r\n\(wish)")
      wait { photograph.state.withLock { $0.hints.count } == 1 }
      #expect(photograph.state.withLock { $0.hints.count } == 1)
      asking = nil
      wait { photograph.state.withLock { $0.hints.isEmpty } }
      #expect(photograph.state.withLock { $0.hints.isEmpty && $0.revision == 1 })

      // Nor do those of a request that took the place of one that is not done either.
      let others = [wish, wish.replacingOccurrences(of: "a02020", with: "2020a0")]
      var clients: [RawClient] = []
      for (index, wish) in others.enumerated() {
        let asking = try RawClient(port: client.port)
        asking.send(
          "POST \(target)/color?session=\(session) \(host)Content-Length: \(wish.utf8.count)\r\n\r\n\(wish)")
        clients.append(asking)
        wait { photograph.state.withLock { $0.wishCount } == index + 2 }
      }
      #expect(photograph.state.withLock { $0.hints.count == 1 && $0.wishCount == 3 })
      clients = []
      wait { photograph.state.withLock { $0.hints.isEmpty } }
      #expect(photograph.state.withLock { $0.hints.isEmpty && $0.revision == 1 })

      let added = try client.post("/api/photographs?session=\(session)&name=b.png", page.picture)
      let other = try #require(added.json["id"] as? String)
      #expect(service.queue.waiting.count == 1)
      #expect(try client.delete("/api/photographs/\(other)?session=\(session)").status == 204)
      #expect(service.queue.waiting.isEmpty)
      _ = events
    }
  }

  /// Lets threads wait.
  private final class Gate: Sendable {
    private let condition = NSCondition()
    nonisolated(unsafe) private var isOpen = false

    func wait() {
      condition.lock()
      while !isOpen { condition.wait() }
      condition.unlock()
    }

    func open() {
      condition.lock()
      isOpen = true
      condition.broadcast()
      condition.unlock()
    }
  }
}
