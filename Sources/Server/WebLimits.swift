/// The limits of a client's requests and connections.
public struct WebLimits: Sendable {
  /// Bytes of the head of a request.
  public var headByteCount = 16 << 10
  public var connectionCount = 512
  /// Seconds until a connection is closed on which no whole head of a request has come, and no answer is due.
  public var idleSeconds = 20.0
  /// Seconds in which a client may take nothing of its answer. Its system takes megabytes ahead of its program, and
  /// then nothing until the program has read a part of them.
  public var stallSeconds = 60.0
  /// Seconds in which a body may come slower than `leastRate`.
  public var bodySeconds = 20.0
  /// Bytes a second at which a body must come, on the average.
  public var leastRate = 32_768.0
  /// Bytes of a body that are read and forgotten after an error, so that the client hears of it.
  public var skippedByteCount = 4 << 20

  public init() {}
}
