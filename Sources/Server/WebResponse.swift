import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore

/// An answer to a request.
public struct WebResponse: Sendable {
  /// The contents of an answer.
  enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// Written part by part; nil as a length sends it in chunks.
    case parts(length: Int?, @Sendable (inout WebWriter) async throws -> Void)
    /// Written part by part until the client is gone, which cancels the writing.
    case events(@Sendable (inout WebWriter) async throws -> Void)
  }

  public var status: HTTPResponse.Status
  public var headers: HTTPFields
  let body: Body

  init(status: HTTPResponse.Status, headers: HTTPFields, body: Body) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Creates an answer of bytes.
  public init(_ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) {
    self.init(status: status, headers: [.contentType: type], body: .bytes(bytes))
  }

  /// Creates an answer that is written part by part.
  /// - Parameter length: All bytes that are written; nil where that is not known before.
  public init(
    type: String, length: Int? = nil, status: HTTPResponse.Status = .ok,
    _ write: @escaping @Sendable (inout WebWriter) async throws -> Void
  ) {
    self.init(status: status, headers: [.contentType: type], body: .parts(length: length, write))
  }

  /// Creates an answer of server-sent events (HTML Standard, 9.2), which are written until the client is gone; then the
  /// writing is cancelled.
  public init(events write: @escaping @Sendable (inout WebWriter) async throws -> Void) {
    self.init(status: .ok, headers: [.contentType: "text/event-stream"], body: .events(write))
  }

  /// Creates an answer of JSON.
  public init(json value: some Encodable, status: HTTPResponse.Status = .ok) throws(WebError) {
    self.init(try JSONLine.bytes(of: value), type: "application/json", status: status)
  }

  /// An answer without contents.
  public static let noContent = WebResponse(status: .noContent, headers: [:], body: .none)

  /// The answer where the client has these contents already.
  public static func notModified(tag: String) -> WebResponse {
    WebResponse(status: .notModified, headers: [.eTag: tag, .cacheControl: "no-cache"], body: .none)
  }

  /// Lets the client keep the contents, and ask whether they are still those of the tag.
  public func tagged(_ tag: String) -> WebResponse {
    var copy = self
    copy.headers[.eTag] = tag
    copy.headers[.cacheControl] = "no-cache"
    return copy
  }

  /// Returns a redirection to another address of this server.
  static func redirection(to path: String, headers: HTTPFields = [:]) -> WebResponse {
    var headers = headers
    headers[.location] = path
    return WebResponse(status: .seeOther, headers: headers, body: .none)
  }

  /// Creates the answer of an error, as JSON.
  init(_ error: WebError) {
    struct Report: Encodable {
      let error: String
      let code: String
    }
    let report = Report(error: error.description, code: error.kind.rawValue)
    let bytes = (try? JSONLine.bytes(of: report)) ?? Array(#"{"error":"failed","code":"failed"}"#.utf8)
    self.init(bytes, type: "application/json", status: error.kind.status)
    if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
  }

  /// Offers the answer as a file to save.
  /// - Parameter name: Any text; characters that a name of a file should not have are replaced.
  public func saved(as name: String) -> WebResponse {
    var copy = self
    copy.headers[.contentDisposition] = ContentDisposition.attachment(name)
    return copy
  }
}

/// JSON on one line, as answers and events have it.
public enum JSONLine {
  /// Returns a value as JSON.
  /// - Throws: `WebError` of `failed` where a number is not finite, which JSON has not.
  public static func bytes(of value: some Encodable) throws(WebError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      throw WebError(.failed, "the answer cannot be written as JSON")
    }
  }
}

/// The header `Content-Disposition` (RFC 6266).
enum ContentDisposition {
  /// Returns the header of a file to save: its name in ASCII, and in UTF-8 where that differs.
  static func attachment(_ name: String) -> String {
    let safe = String(String.UnicodeScalarView(name.unicodeScalars.map { isSafe($0) ? $0 : "_" }))
    let ascii = String(
      String.UnicodeScalarView(safe.unicodeScalars.map { $0.isASCII && $0 != "\"" && $0 != "%" ? $0 : "_" }))
    let header = "attachment; filename=\"\(ascii.isEmpty ? "file" : ascii)\""
    return ascii == safe ? header : header + "; filename*=UTF-8''\(percentEncoded(safe))"
  }

  /// Whether a character may be in the name of a file: no separator of paths, no control, and none that turns the order
  /// of the text.
  private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
    !"/\\:*?<>|".unicodeScalars.contains(scalar) && scalar.properties.generalCategory != .control
      && scalar.properties.generalCategory != .format && scalar.properties.generalCategory != .privateUse
      && scalar.properties.generalCategory != .lineSeparator
      && scalar.properties.generalCategory != .paragraphSeparator
  }

  private static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if plain.contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Writes the contents of an answer. A call waits while the connection is full.
public struct WebWriter {
  var writer: any ResponseBodyWriter

  /// Bytes that are handed on at a time.
  static let partByteCount = 1 << 16

  /// Writes an event of server-sent events.
  /// - Parameters:
  ///   - name: Letters.
  ///   - data: JSON on one line.
  public mutating func write(event name: String, _ data: [UInt8]) async throws {
    try await write(Array("event: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8))
  }

  public mutating func write(_ bytes: [UInt8]) async throws {
    for start in stride(from: 0, to: bytes.count, by: Self.partByteCount) {
      let end = min(bytes.count, start + Self.partByteCount)
      try await writer.write(ByteBuffer(bytes: bytes[start..<end]))
    }
  }
}
