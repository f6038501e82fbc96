import Foundation
import Imaging
import Models
import TestSupport
import Testing

@testable import App
@testable import Server

/// The server of `recolor serve` over loopback: photographs from the upload to the saved file.
@Suite("Page of photographs", .serialized)
struct PageServiceTests {
  private let page: PageFixture

  init() throws { page = try PageFixture() }

  /// Returns the file that the command writes.
  private func colorized(_ arguments: String..., format: String = "png") throws -> [UInt8] {
    let out = "\(page.folder.path)/\(UUID().uuidString).\(format)"
    let result = try RecolorProcess(
      ["colorize", page.weights, page.folder.path + "/old.png", "--out", out, "--device", "cpu"] + arguments
    ).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    return Array(try Data(contentsOf: URL(filePath: out)))
  }

  @Test("A saved file is the command's, byte for byte, with any strength, format and hints")
  func savedFiles() throws {
    try page.withServer { client, _ in
      let (events, session) = try client.openEvents()
      let id = try page.upload(client, session)
      let photograph = "/api/photographs/\(id)"
      let query = "?session=\(session)"
      let plain = try client.get("\(photograph)/colored\(query)&save=1")
      #expect(plain.status == 200 && plain.head.contains("filename=\"old-colored.png\""), "\(plain.head)")
      #expect(try plain.body == colorized())
      #expect(
        try client.get("\(photograph)/colored\(query)&strength=0.4&contrast=1.5").body
          == colorized("--strength", "0.4", "--color-contrast", "1.5"))
      #expect(
        try client.get("\(photograph)/colored\(query)&format=jpeg&quality=80").body
          == colorized("--quality", "80", format: "jpg"))
      let hinted = try client.post(
        "\(photograph)/color\(query)",
        ##"{"hints":[{"x":10,"y":20,"color":"#a02020"},{"x":70,"y":50,"color":"#2020a0"}]}"##)
      #expect(hinted.status == 200 && hinted.json["revision"] as? Int == 2, "\(hinted.error ?? "")")
      let hints = ["--hint", "10,20,#a02020", "--hint", "70,50,#2020a0"]
      let colored = try colorized(hints[0], hints[1], hints[2], hints[3])
      #expect(try client.get("\(photograph)/colored\(query)").body == colored)
      #expect(try colored != colorized())
      let resized = try client.post("\(photograph)/color\(query)", #"{"workingSize":48,"hints":[]}"#)
      #expect(resized.status == 202)
      _ = try client.waitForPhotograph(id, session: session)
      #expect(try client.get("\(photograph)/colored\(query)").body == colorized("--working-size", "48"))
      _ = events
    }
  }

  @Test("The page gets the picture small and large, its colors as numbers, and an archive")
  func pictures() throws {
    try page.withServer { client, _ in
      let (events, session) = try client.openEvents()
      let id = try page.upload(client, session)
      let other = try page.upload(client, session)
      let query = "?session=\(session)"
      for target in ["original\(query)", "original\(query)&size=full", "preview\(query)&strength=2"] {
        let answer = try client.get("/api/photographs/\(id)/\(target)")
        #expect(answer.status == 200 && answer.head.contains("image/jpeg"), "\(target)")
        let image = try RGBImage(encoded: answer.body, name: target)
        #expect(image.width == 90 && image.height == 60)
      }
      let data = try client.get("/api/photographs/\(id)/chroma\(query)").body
      #expect(Array(data.prefix(8)) == Array("RCCH".utf8) + [1, 0, 0, 0])
      // Two floats and three bytes a pixel of the small copy: untrained weights work at 32 pixels.
      let (width, height) = (Int(data[8]), Int(data[12]))
      #expect(height == 32 && width == 48 && data.count == 16 + 11 * width * height)
      let wish = #"{"format":"png","photographs":[{"id":"\#(id)"},{"id":"\#(other)","strength":0.5}]}"#
      let made = try client.post("/api/archives\(query)", wish)
      let address = try #require(made.json["url"] as? String)
      let archive = try client.get(address)
      #expect(archive.status == 200 && archive.head.contains("recolor.zip"))
      for name in ["old-colored.png", "old-colored-2.png", "sheet.png"] {
        #expect(archive.body.firstRange(of: Array(name.utf8)) != nil, "\(name)")
      }
      #expect(archive.body.firstRange(of: try colorized()) != nil)
      #expect(archive.body.firstRange(of: try colorized("--strength", "0.5")) != nil)
      #expect(try client.get(address).status == 404)
      _ = events
    }
  }

  @Test("What cannot be done is said in one line")
  func errors() throws {
    var limits = PageService.Limits()
    limits.uploadByteCount = 1 << 16
    limits.pixelCount = 5000
    limits.sessions.photographCount = 1
    try page.withServer(limits: limits) { client, _ in
      let (events, session) = try client.openEvents()
      let target = "/api/photographs?session=\(session)&name="
      func refusal(_ status: Int, _ code: String, _ answer: PageClient.Answer) {
        #expect(answer.status == status && answer.json["code"] as? String == code, "\(answer.status) \(answer.json)")
        #expect(answer.error.map { !$0.contains("\n") && !$0.isEmpty } ?? false)
      }
      refusal(415, "unsupported", try client.post(target + "a.png", "no picture"))
      refusal(415, "unsupported", try client.post(target + "%3Cb%3E%0A%1B.png", "%PDF-1.7"))
      refusal(400, "bad-request", try client.post(target + "a"))
      refusal(413, "too-large", try client.post(target + "a", [UInt8](repeating: 0, count: 1 << 17)))
      refusal(404, "not-found", try client.post("/api/photographs?session=1234&name=a", page.picture))
      refusal(404, "not-found", try client.post(target + "a&model=none", page.picture))
      refusal(400, "bad-request", try client.post(target + "a&workingSize=7", page.picture))
      refusal(400, "bad-request", try client.get("/api/photographs"))
      for path in [
        "/api", "/api/none", "/assets/", "/assets/../index.html", "/assets/passwd", "/etc/passwd", "/index.html",
      ] {
        #expect([400, 404].contains(try client.get(path).status), "\(path)")
      }
      // 5,400 pixels are more than 5,000.
      let id = try #require(try client.post(target + "..%2F..%2Fbomb.png", page.picture).json["id"] as? String)
      let report = try client.waitForPhotograph(id, session: session)
      #expect(report["state"] as? String == "failed" && report["name"] as? String == "bomb.png")
      #expect((report["error"] as? String)?.contains("90×60") ?? false)
      refusal(409, "conflict", try client.post(target + "b.png", page.picture))
      refusal(409, "conflict", try client.get("/api/photographs/\(id)/colored?session=\(session)"))
      #expect(try client.delete("/api/photographs/\(id)?session=\(session)").status == 204)
      refusal(404, "not-found", try client.get("/api/photographs/\(id)?session=\(session)"))
      _ = events
    }
  }

  @Test("Bad numbers of a request are refused")
  func badNumbers() throws {
    try page.withServer { client, _ in
      let (events, session) = try client.openEvents()
      let id = try page.upload(client, session)
      let photograph = "/api/photographs/\(id)"
      for query in [
        "strength=3", "strength=nan", "strength=x", "contrast=-1", "format=exe", "format=bmp", "quality=0", "quality=x",
      ] {
        #expect(try client.get("\(photograph)/colored?session=\(session)&\(query)").status == 400, "\(query)")
      }
      for wish in [
        "", "[]", ##"{"hints":[{"x":-1,"y":0,"color":"#000000"}]}"##,
        ##"{"hints":[{"x":90,"y":0,"color":"#000000"}]}"##,
        #"{"hints":[{"x":1,"y":0,"color":"red"}]}"#, #"{"workingSize":1}"#,
        ##"{"hints":[{"x":1e99,"y":0,"color":"#000000"}]}"##,
      ] {
        #expect(try client.post("\(photograph)/color?session=\(session)", wish).status == 400, "\(wish)")
      }
      #expect(try client.post("\(photograph)/color?session=\(session)", #"{"model":"none"}"#).status == 404)
      _ = events
    }
  }

  @Test("A page that is closed is forgotten with its photographs, and its files hold no place on the disk")
  func closedPages() throws {
    var limits = PageService.Limits()
    limits.sessions.grace = .milliseconds(300)
    limits.sessions.farewell = .milliseconds(100)
    try page.withServer(limits: limits) { client, service in
      var connection: (connection: RawClient, session: String)? = try client.openEvents()
      let session = try #require(connection?.session)
      let id = try page.upload(client, session)
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      }
      #expect(open.contains { $0.hasPrefix(PrivateFile.folder) && $0.hasSuffix("(deleted)") })
      usleep(1_500_000)
      #expect(try client.get("/api/photographs/\(id)?session=\(session)").status == 200)
      connection = nil
      for _ in 0..<100 where service.sessions[session] != nil { usleep(50_000) }
      #expect(service.sessions[session] == nil)
      #expect(try client.get("/api/photographs/\(id)?session=\(session)").status == 404)
      let second = try client.openEvents()
      #expect(try client.post("/api/sessions/\(second.session)/close").status == 204)
    }
  }

  @Test("Events tell the states of a photograph")
  func events() throws {
    try page.withServer { client, _ in
      let (events, session) = try client.openEvents()
      _ = try client.post("/api/photographs?session=\(session)&name=a.png", page.picture)
      let text = events.receive(until: #""state":"done""#)
      #expect(text.contains("event: photograph\ndata: {"), "\(text)")
      // A page whose connection was interrupted hears of what it missed.
      let again = try RawClient(port: client.port)
      again.send("GET /api/events?session=\(session) HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\n\r\n")
      let missed = again.receive(until: #""state":"done""#)
      #expect(missed.contains("\"session\":\"\(session)\"") && missed.contains(#""name":"a.png""#), "\(missed)")
    }
  }

  @Test("serve --host 0.0.0.0 prints the addresses by which other machines reach it, with the secret")
  func otherMachines() throws {
    let process = try RecolorProcess(["serve", "--host", "0.0.0.0", "--port", "0", "--device", "cpu"])
    defer { process.send(signal: SIGKILL) }
    // The warning follows on the last line.
    for _ in 0..<400 where try !process.errorOutput().contains("other machines reach this page") { usleep(25_000) }
    let lines = try process.outputSoFar().split(separator: "\n").map(String.init)
    let machine = WebServer.machineAddresses(withIPv6: false)
    #expect(lines.count == max(1, machine.count))
    for (line, address) in zip(lines, machine.isEmpty ? ["127.0.0.1"] : machine) {
      let parts = try #require(line.wholeMatch(of: /http:\/\/(.*):(\d+)\/(\?token=\w{32})/))
      #expect(parts.1 == address, "\(line)")
      let client = PageClient(port: try #require(Int(parts.2)))
      #expect(try client.get("/\(parts.3)").status == 303)
      #expect(try client.get("/").status == 401)
    }
  }

  @Test("The page and its files are served, and nothing is loaded anew that is known")
  func files() throws {
    try page.withServer { client, _ in
      let page = try client.get("/")
      #expect(page.status == 200 && page.head.contains("text/html"))
      let tag = try #require(
        page.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("etag: ") }.map { $0.dropFirst(6) })
      let known = try RawClient.answer(
        port: client.port,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\nIf-None-Match: \(tag)\r\nConnection: close\r\n\r\n")
      #expect(known.hasPrefix("HTTP/1.1 304"), "\(known)")
      let style = String(decoding: try client.get("/assets/page.css").body, as: UTF8.self)
      #expect(style.contains(".chart") && style.contains(".brand"))
      let html = String(decoding: page.body, as: UTF8.self)
      // It is painted when the one style sheet is there; all scripts are asked for at once.
      #expect(html.matches(of: /rel="stylesheet"/).count == 1 && !html.contains("<img src"))
      var modules = ["app.js"]
      var index = 0
      while index < modules.count {
        let text = String(decoding: try client.get("/assets/\(modules[index])").body, as: UTF8.self)
        for found in text.matches(of: /^import .* from "\.\/(.*)";$/.anchorsMatchLineEndings()) {
          if !modules.contains(String(found.1)) { modules.append(String(found.1)) }
        }
        index += 1
      }
      let preloaded = html.matches(of: /rel="modulepreload" href="\/assets\/(.*)"/).map { String($0.1) }
      #expect(Set(preloaded) == Set(modules.dropFirst()) && preloaded.count == modules.count - 1)
      let state = try client.get("/api/state").json
      #expect(state["version"] as? String == RecolorVersion.current)
      #expect((state["models"] as? [[String: Any]])?.count == 1)
    }
  }
}
