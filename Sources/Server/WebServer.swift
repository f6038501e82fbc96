import Files
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix

/// A server of HTTP/1.1 that a handler answers, within limits: HummingbirdCore, with the checks of `RequestPolicy`, the
/// timers of `SlowClientHandler` and the headers of `SafetyHeaders`.
public final class WebServer: Sendable {
  /// Answers a request. A `WebError` becomes an answer of its kind, any other error one of `failed`.
  public typealias Handler = @Sendable (WebRequest) async throws -> WebResponse

  /// The address as it was given, and the port, also where any free one was asked for.
  public let host: String
  public let port: Int
  /// The secret that requests must have; nil where only this machine reaches the server.
  public let token: String?
  private let task: Task<Void, Never>
  /// Signaled when the task has ended, with its connections.
  private let end = CountingSemaphore()

  /// The address of the page for a browser of this machine, with the token where there is one.
  public var address: String { address(at: isEverywhere ? "127.0.0.1" : host) }

  /// The addresses of the page for all who reach it: where the server is at all addresses of the machine, those that
  /// other machines can call.
  public var addresses: [String] {
    guard isEverywhere else { return [address] }
    let found = Self.machineAddresses(withIPv6: host == "::").map { address(at: $0) }
    return found.isEmpty ? [address] : found
  }

  private var isEverywhere: Bool { host == "0.0.0.0" || host == "::" }

  private func address(at host: String) -> String {
    "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/" + (token.map { "?token=\($0)" } ?? "")
  }

  /// Returns the addresses of this machine's network devices, those of IPv4 first, without those that other machines
  /// cannot call: loopback, and those of one link, which a browser cannot name.
  static func machineAddresses(withIPv6: Bool) -> [String] {
    let devices = (try? System.enumerateDevices()) ?? []
    let found = devices.compactMap(\.address).compactMap(\.ipAddress)
    let callable = found.filter { !isLoopback($0) && !isOfOneLink($0) }
    return callable.filter { !$0.contains(":") } + (withIPv6 ? callable.filter { $0.contains(":") } : [])
  }

  /// Whether an address is one that a machine has given itself for one link: 169.254.0.0/16, fe80::/10.
  private static func isOfOneLink(_ address: String) -> Bool {
    address.hasPrefix("169.254.") || ["fe8", "fe9", "fea", "feb"].contains { address.lowercased().hasPrefix($0) }
  }

  /// Starts a server; it answers when this returns.
  /// - Parameters:
  ///   - host: An address of this machine: `127.0.0.1`.
  ///   - port: 0 for any that is free.
  ///   - token: A secret that requests must have.
  /// - Throws: `WebServerError`.
  public init(
    host: String, port: Int, token: String?, limits: WebLimits = WebLimits(), handler: @escaping Handler
  ) throws(WebServerError) {
    // The outcome of the start, which this thread waits for.
    let start = Monitor<Result<RequestPolicy, WebServerError>?>(nil)
    let channel = HTTP1Channel(
      responder: { request, writer, channel in
        guard let policy = start.withLock({ try? $0?.get() }) else { throw CancellationError() }
        let responder = Responder(
          policy: policy, limits: limits, connection: await ConnectionEndHandler.connection(of: channel),
          handler: handler)
        try await responder.respond(to: request, writer)
      },
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [SlowClientHandler(limits), ConnectionEndHandler()],
        idleTimeout: .nanoseconds(Int64(limits.idleSeconds * 1e9)),
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: limits.headByteCount, maxHeaderListSize: limits.headByteCount, maxHeaderFieldCount: 100)))
    let logger = Logger(label: "server") { _ in SwiftLogNoOpLogHandler() }
    let server = channel.server(
      configuration: ServerConfiguration(
        address: .hostname(host, port: port),
        availableConnectionsDelegate: .maximum(limits.connectionCount, logger: logger)),
      onServerRunning: { channel in
        let policy = RequestPolicy(host: host, port: channel.localAddress?.port ?? port, token: token)
        start.withLock { $0 = .success(policy) }
      },
      // The process's own, which never ends: work of a connection may come after its end.
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    task = Task { [end] in
      do {
        try await server.run()
      } catch {
        // After a start nobody waits any more.
        start.withLock { if $0 == nil { $0 = .failure(WebServerError(error, host: host, port: port)) } }
      }
      end.signal()
    }
    switch start.wait(until: { $0 }) {
    case .success(let policy): self.port = policy.port
    case .failure(let error): throw error
    }
    self.host = host
    self.token = token
  }

  /// Seconds that answers under way may take to end.
  private static let patience = 2.0

  /// Closes all connections; those that have not ended after a moment end by themselves.
  public func stop() {
    task.cancel()
    end.wait(seconds: Self.patience)
  }

  /// Returns a secret of 32 hexadecimal digits from the system's random numbers.
  public static func randomToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let digits = String(UInt32.random(in: 0...UInt32.max, using: &generator), radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// Whether only this machine reaches an address.
  public static func isLoopback(_ host: String) -> Bool {
    // A name may begin with these digits as well.
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && RequestPolicy.isNumeric(host[...]))
  }
}

/// The error of a server that cannot start. `description` is one line.
public struct WebServerError: Error, CustomStringConvertible {
  public let description: String
  /// Whether another program has the port.
  public let isPortTaken: Bool

  init(_ error: any Error, host: String, port: Int) {
    let code = (error as? IOError)?.errnoCode
    let advice =
      switch code {
      case EADDRINUSE: "another program has this port; --port names another, and --port 0 takes a free one"
      case EACCES: "only the system's administrator may take ports below 1024; --port names another"
      case EADDRNOTAVAIL: "this machine has no such address; --host 127.0.0.1 is always there"
      case let code?: String(cString: strerror(code))
      case nil: "this is no address of this machine; --host 127.0.0.1 is always there"
      }
    description = "\(host):\(port): cannot be served: \(advice)"
    isPortTaken = code == EADDRINUSE
  }
}
