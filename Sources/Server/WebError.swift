import HTTPTypes

/// A request that is not fulfilled. `description` is one line for people.
public struct WebError: Error, Equatable, CustomStringConvertible {
  /// A kind of error. The raw value is its name in answers.
  public enum Kind: String, Sendable, CaseIterable {
    case badRequest = "bad-request"
    case unauthorized
    case forbidden
    case notFound = "not-found"
    case method
    case conflict
    case lengthRequired = "length-required"
    case tooLarge = "too-large"
    case unsupported
    case failed
    case busy

    var status: HTTPResponse.Status {
      switch self {
      case .badRequest: .badRequest
      case .unauthorized: .unauthorized
      case .forbidden: .forbidden
      case .notFound: .notFound
      case .method: .methodNotAllowed
      case .conflict: .conflict
      case .lengthRequired: .lengthRequired
      case .tooLarge: .contentTooLarge
      case .unsupported: .unsupportedMediaType
      case .failed: .internalServerError
      case .busy: .serviceUnavailable
      }
    }
  }

  public let kind: Kind
  public let description: String
  /// Seconds after which the request may be tried again; nil where that does not help.
  public let retryAfter: Int?

  public init(_ kind: Kind, _ description: String, retryAfter: Int? = nil) {
    self.kind = kind
    self.description = description
    self.retryAfter = retryAfter
  }

  public static func badRequest(_ description: String) -> WebError { WebError(.badRequest, description) }

  public static func notFound(_ description: String = "there is nothing at this address") -> WebError {
    WebError(.notFound, description)
  }

  public static func busy(_ description: String, retryAfter: Int) -> WebError {
    WebError(.busy, description, retryAfter: retryAfter)
  }

  /// The error of work that was dropped since its client closed the connection, or its own direction of it.
  static let dropped = WebError(
    .badRequest, "the connection was closed before the work was begun; keep it open until the answer is there")

  static func tooLarge(limit: Int) -> WebError {
    WebError(.tooLarge, "the request has more than \(limit) bytes, which is the limit")
  }
}
