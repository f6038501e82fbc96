import HTTPTypes
import HummingbirdCore
import NIOCore

/// The methods that the server knows.
public enum WebMethod: String, Sendable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case delete = "DELETE"
}

/// A request whose head has passed the checks of `RequestPolicy`.
public struct WebRequest {
  public let method: WebMethod
  /// The parts of the path, decoded: `["api", "runs"]` for `/api/runs`; empty for `/`. None is empty, `.` or `..`, and
  /// none holds a slash, a backslash or a control character.
  public let path: [String]
  /// The parameters of the query, decoded, in their order.
  public let query: [(name: String, value: String)]
  public let headers: HTTPFields
  /// Bytes of the body as the head states them; 0 where there is none.
  public let bodyLength: Int
  /// The connection that the answer goes to.
  public let connection: ClientConnection
  let body: RequestBodyReader

  /// Whether the request asks for something, and changes nothing.
  public var isRead: Bool { method == .get || method == .head }

  /// The value of the first parameter of a name; nil where there is none.
  public subscript(name: String) -> String? { query.first { $0.name == name }?.value }

  /// All values of the parameters of a name.
  public func values(of name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

  /// Reads the whole body into memory.
  /// - Throws: `WebError` where it has more than `limit` bytes; the connection's error where it ends.
  public func body(limit: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    try await readBody(limit: limit) { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Reads the body part by part, as it arrives.
  /// - Throws: As `body(limit:)`, and what `take` throws.
  public func readBody(limit: Int, _ take: (UnsafeRawBufferPointer) throws -> Void) async throws {
    guard bodyLength <= limit else { throw WebError.tooLarge(limit: limit) }
    var count = 0
    while let part = try await body.next() {
      count += part.readableBytes
      guard count <= limit else { throw WebError.tooLarge(limit: limit) }
      try part.withUnsafeReadableBytes(take)
    }
    guard count == bodyLength else { throw WebError.badRequest("the body is shorter than its length says") }
  }
}

/// The body of one request, which is read once.
final class RequestBodyReader {
  private let body: RequestBody
  /// Nil until the first part is asked for.
  private var iterator: RequestBody.AsyncIterator?
  private var isAtEnd = false

  init(_ body: RequestBody) { self.body = body }

  func next() async throws -> ByteBuffer? {
    guard !isAtEnd else { return nil }
    var iterator = self.iterator ?? body.makeAsyncIterator()
    let part = try await iterator.next()
    self.iterator = iterator
    if part == nil { isAtEnd = true }
    return part
  }

  /// Reads and forgets the rest of the body, so that a client that is still sending hears the answer. Returns false
  /// where the rest is longer than `limit` bytes.
  func skip(limit: Int) async throws -> Bool {
    var count = 0
    while let part = try await next() {
      count += part.readableBytes
      if count > limit { return false }
    }
    return true
  }
}
