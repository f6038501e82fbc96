import Foundation
import TestSupport

/// A client of a page's server on 127.0.0.1: one connection for each request.
struct PageClient {
  let port: Int

  struct Answer {
    let status: Int
    let head: String
    let body: [UInt8]

    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:] }
    var error: String? { json["error"] as? String }
  }

  func get(_ target: String) throws -> Answer { try answer("GET", target, nil) }
  func delete(_ target: String) throws -> Answer { try answer("DELETE", target, nil) }
  func post(_ target: String, _ body: [UInt8] = []) throws -> Answer { try answer("POST", target, body) }
  func post(_ target: String, _ json: String) throws -> Answer { try post(target, Array(json.utf8)) }

  private func answer(_ method: String, _ target: String, _ body: [UInt8]?) throws -> Answer {
    let client = try RawClient(port: port)
    var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\nX-Recolor: 1\r\n"
    if let body { head += "Content-Length: \(body.count)\r\n" }
    client.send(Array((head + "\r\n").utf8) + (body ?? []))
    let bytes = client.receiveBytes()
    let separator = Array("\r\n\r\n".utf8)
    guard let end = bytes.firstRange(of: separator) else { return Answer(status: 0, head: "", body: []) }
    let text = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    var contents = Array(bytes[end.upperBound...])
    if text.lowercased().contains("transfer-encoding: chunked") { contents = Self.joined(contents) }
    return Answer(
      status: Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0, head: text, body: contents)
  }

  /// Joins chunks.
  private static func joined(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let line = rest.firstIndex(of: 13),
      let count = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16),
      count > 0
    {
      let start = line + 2
      result += rest[start..<min(start + count, rest.endIndex)]
      rest = rest[min(start + count + 2, rest.endIndex)...]
    }
    return result
  }

  /// Opens the events of a page, and returns the connection with the page's name.
  func openEvents() throws -> (connection: RawClient, session: String) {
    let connection = try RawClient(port: port)
    connection.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
    let text = connection.receive(until: "\"}\n\n")
    let session = text.components(separatedBy: "\"session\":\"").dropFirst().first?.prefix { $0 != "\"" } ?? ""
    return (connection, String(session))
  }

  /// Asks for a photograph until it is in a state.
  func waitForPhotograph(_ id: String, session: String) throws -> [String: Any] {
    for _ in 0..<400 {
      let report = try get("/api/photographs/\(id)?session=\(session)").json
      if ["done", "failed"].contains(report["state"] as? String) { return report }
      usleep(25_000)
    }
    return [:]
  }
}
