import HTTPTypes

/// Which requests are answered: those from a page of this server, or from a program on behalf of its user, and from
/// nobody else.
///
/// A page elsewhere cannot read this server's answers, but its requests arrive, and a name of its own may lead to this
/// server's address (DNS rebinding). So the headers `Host` and `Origin` must name this server, and requests that change
/// something must have a header that a page elsewhere cannot send without asking first, which is never granted.
public struct RequestPolicy: Sendable {
  /// Names and addresses, in lowercase letters, by which the server may be called; nil where only the token decides.
  let hosts: Set<String>?
  public let port: Int
  /// A secret that every request must have; nil for a server that only this machine reaches.
  public let token: String?

  /// The header that requests with `POST` and `DELETE` must have, with any value, in lowercase letters.
  static let intent = "x-recolor"
  /// The name of the token's cookie. Browsers send cookies to all ports of a host, so each server has its own.
  var cookie: String { "recolor-\(port)" }

  /// - Parameters:
  ///   - host: The address that the server is bound to.
  ///   - token: The secret of a server that other machines reach.
  init(host: String, port: Int, token: String?) {
    self.port = port
    self.token = token
    let loopback = ["127.0.0.1", "localhost", "[::1]"]
    let own = host.contains(":") ? "[\(host)]" : host.lowercased()
    hosts = token == nil ? Set(loopback + [own]) : nil
  }

  /// Checks the head of a request.
  /// - Throws: `WebError`.
  func check(_ head: HTTPRequest) throws(WebError) -> WebMethod {
    guard let authority = head.authority, isOwn(authority) else {
      throw WebError(.forbidden, "the request is for another host than this server's")
    }
    if let origin = head.headerFields[.origin] {
      guard origin.lowercased() == "http://\(authority.lowercased())" else {
        throw WebError(.forbidden, "the request comes from another page than this server's")
      }
    }
    if let site = head.headerFields.value(named: "sec-fetch-site"), site == "cross-site" || site == "same-site" {
      guard isVisit(head) else { throw WebError(.forbidden, "the request comes from another page than this server's") }
    }
    guard let method = WebMethod(rawValue: head.method.rawValue) else {
      throw WebError(.method, "only GET, HEAD, POST and DELETE are answered")
    }
    return method
  }

  /// Whether a link to the page is followed, which may be one of a mail or of any other page: with the token in it, or
  /// without where the browser has it.
  private func isVisit(_ head: HTTPRequest) -> Bool {
    guard head.method == .get, head.headerFields.value(named: "sec-fetch-mode") == "navigate",
      head.headerFields.value(named: "sec-fetch-dest") == "document", let path = head.path
    else { return false }
    let secret = "/?token="
    return path == "/" || path.hasPrefix(secret) && isToken(String(path.dropFirst(secret.count)))
  }

  /// Checks that a request that changes something was meant.
  func checkIntent(_ head: HTTPRequest, _ method: WebMethod) throws(WebError) {
    guard method == .post || method == .delete else { return }
    guard head.headerFields.value(named: Self.intent) != nil else {
      throw WebError(.forbidden, "the request lacks the header X-Recolor")
    }
  }

  /// Whether a request has the token, in its cookie or as a bearer's.
  func hasToken(_ head: HTTPRequest) -> Bool {
    guard let token else { return true }
    if let bearer = head.headerFields[.authorization], Self.isSame(bearer, "Bearer \(token)") { return true }
    let cookies = head.headerFields[values: .cookie].flatMap { $0.split(separator: ";") }
    return cookies.contains { cookie in
      let parts = cookie.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      return parts.count == 2 && parts[0] == self.cookie && Self.isSame(String(parts[1]), token)
    }
  }

  /// Whether a text is the token; the time that it takes says nothing of where they differ.
  func isToken(_ text: String) -> Bool { token.map { Self.isSame(text, $0) } ?? false }

  private static func isSame(_ first: String, _ second: String) -> Bool {
    let (first, second) = (Array(first.utf8), Array(second.utf8))
    guard first.count == second.count else { return false }
    return zip(first, second).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// Whether `Host` names this server. With a token, any address by numbers does, and `localhost`: the machine may have
  /// several; names of a domain, which a page elsewhere could have lead here, do not.
  private func isOwn(_ authority: String) -> Bool {
    let text = authority.lowercased()
    var (name, number) = (text[...], 80)
    if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
      guard let stated = Int(text[text.index(after: colon)...]) else { return false }
      (name, number) = (text[..<colon], stated)
    }
    guard number == port else { return false }
    if let hosts { return hosts.contains(String(name)) }
    return name == "localhost" || Self.isNumeric(name)
  }

  /// Whether a name is an address: four numbers, or hexadecimal digits in brackets.
  static func isNumeric(_ name: Substring) -> Bool {
    if name.hasPrefix("["), name.hasSuffix("]") {
      return name.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }
}

extension HTTPFields {
  /// Returns the value of the first field of a name in lowercase letters.
  func value(named name: String) -> String? { first { $0.name.canonicalName == name }?.value }
}

/// The path and the query of a request.
struct RequestTarget {
  let path: [String]
  let query: [(name: String, value: String)]

  /// Bytes that a path with its query may have.
  static let limit = 4096

  /// - Throws: `WebError.badRequest` where a part is not what `WebRequest.path` promises.
  init(_ target: String) throws(WebError) {
    guard target.utf8.count <= Self.limit else { throw .badRequest("the address is too long") }
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let path = parts.first, path.hasPrefix("/") else { throw .badRequest("the address has no path") }
    var names: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      let name = try Self.decoded(part)
      // A slash at the end.
      if name.isEmpty, path == "/" { break }
      guard Self.isPlain(name) else { throw .badRequest("the address has a part that no address here has") }
      names.append(name)
    }
    self.path = names
    var query: [(name: String, value: String)] = []
    for field in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
      let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query.append((try Self.decoded(sides[0]), sides.count > 1 ? try Self.decoded(sides[1]) : ""))
    }
    self.query = query
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".."
      && name.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && $0.value >= 0x20 && $0.value != 0x7F }
  }

  /// Decodes `%41`.
  private static func decoded(_ text: Substring) throws(WebError) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
        digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-")
      else { throw .badRequest("the address has a % that no two digits follow") }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw .badRequest("the address is no text in UTF-8")
    }
    return decoded
  }
}
