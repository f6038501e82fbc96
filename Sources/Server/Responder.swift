import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1

/// The way of one request to its answer.
struct Responder: Sendable {
  let policy: RequestPolicy
  let limits: WebLimits
  let connection: ClientConnection
  let handler: WebServer.Handler

  func respond(to request: Request, _ writer: consuming ResponseWriter) async throws {
    let reader = RequestBodyReader(request.body)
    var response: WebResponse
    do {
      response = try await answer(request.head, reader)
    } catch let error as WebError {
      response = WebResponse(error)
    } catch is CancellationError where connection.isClosed {
      // The client may have closed its own direction alone, and still reads.
      response = WebResponse(.dropped)
    } catch  where Self.endsConnection(error) {
      throw error
    } catch {
      response = WebResponse(WebError(.failed, "\(error)"))
    }
    for field in SafetyHeaders.fields where response.headers[field.name] == nil { response.headers.append(field) }
    // A body of which the head says more than is worth reading ends the connection.
    let length = request.headers[.contentLength].flatMap(Int.init)
    let isChunked = request.headers[.transferEncoding] != nil
    let isClosed = isChunked || (length ?? 0) > limits.skippedByteCount && response.status.kind != .successful
    if isClosed { response.headers[.connection] = "close" }
    try await write(response, for: request, writer)
    if isClosed {
      _ = try await reader.skip(limit: limits.skippedByteCount)
      // Ends the connection.
      throw CancellationError()
    }
  }

  /// Whether there is nobody left to answer.
  private static func endsConnection(_ error: any Error) -> Bool {
    error is ChannelError || error is IOError || error is HTTPParserError || error is CancellationError
  }

  /// Returns the answer to a request whose head passes the checks.
  private func answer(_ head: HTTPRequest, _ reader: RequestBodyReader) async throws -> WebResponse {
    let method = try policy.check(head)
    let target = try RequestTarget(head.path ?? "")
    guard policy.hasToken(head) else {
      let given = target.query.first { $0.name == "token" }?.value
      guard method == .get, target.path.isEmpty, let given, policy.isToken(given) else {
        throw WebError(.unauthorized, "the address lacks its token; open the address that recolor serve has printed")
      }
      // The address without the token, which must not stay in the history of the browser. A link of another page may
      // have led here; by SameSite=Strict the browser would not send the cookie to the address that follows.
      // SameSite=Lax sends it from other pages with visits by GET alone, which change nothing.
      return .redirection(
        to: "/", headers: [.setCookie: "\(policy.cookie)=\(given); Path=/; HttpOnly; SameSite=Lax"])
    }
    if method == .get, target.path.isEmpty, target.query.contains(where: { $0.name == "token" }) {
      return .redirection(to: "/")
    }
    guard head.headerFields[.transferEncoding] == nil else {
      throw WebError(.lengthRequired, "a body must come with its length, Content-Length, and not in chunks")
    }
    let stated = head.headerFields[.contentLength]
    guard let length = stated.map(Int.init) ?? 0, length >= 0 else {
      throw WebError.badRequest("Content-Length is no number")
    }
    let request = WebRequest(
      method: method, path: target.path, query: target.query, headers: head.headerFields, bodyLength: length,
      connection: connection, body: reader)
    if !request.isFarewell { try policy.checkIntent(head, method) }
    return try await handler(request)
  }

  private func write(
    _ response: WebResponse, for request: Request, _ writer: consuming ResponseWriter
  ) async throws {
    var head = HTTPResponse(status: response.status, headerFields: response.headers)
    let isHead = request.method == .head
    switch response.body {
    case .none:
      if response.status != .noContent, response.status != .notModified { head.headerFields[.contentLength] = "0" }
      try await writer.writeResponse(head)
    case .bytes(let bytes):
      head.headerFields[.contentLength] = String(bytes.count)
      if isHead { return try await writer.writeResponse(head) }
      guard bytes.count > WebWriter.partByteCount else {
        return try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
      }
      var parts = WebWriter(writer: try await writer.writeHead(head))
      try await parts.write(bytes)
      try await parts.writer.finish(nil)
    case .parts(let length, let write):
      if let length { head.headerFields[.contentLength] = String(length) }
      if isHead { return try await writer.writeResponse(head) }
      var parts = WebWriter(writer: try await writer.writeHead(head))
      try await write(&parts)
      try await parts.writer.finish(nil)
    case .events(let write):
      if isHead { return try await writer.writeResponse(head) }
      let bodyWriter = try await writer.writeHead(head)
      try await request.body.consumeWithCancellationOnInboundClose { _ in
        var parts = WebWriter(writer: bodyWriter)
        try await write(&parts)
      }
      throw CancellationError()
    }
  }
}

extension WebRequest {
  /// Whether this is the request that a page sends while it is closed, which cannot have headers of its own.
  fileprivate var isFarewell: Bool {
    method == .post && path.count == 4 && path[..<2] == ["api", "sessions"] && path[3] == "close"
  }
}

/// The headers of every answer.
enum SafetyHeaders {
  private static let texts = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"), ("Cache-Control", "no-store"),
  ]

  static let fields: [HTTPField] = texts.compactMap { name, value in
    HTTPField.Name(name).map { HTTPField(name: $0, value: value) }
  }
}
