import MessagePassing

/// The sum of a vector over the ranks of a run, in the place of each rank's own values.
///
/// Two operations of a plan make it: `start`, when the values are there, and `end`, before they are used. In between,
/// the device and the messages go on side by side. Every rank has the same sums in the same order.
public final class RankSum {
  /// A vector.
  public let values: Tensor
  public let ranks: Communicator
  /// Whether a step has many of these sums, whose end directly follows their start. A host that puts steps into a
  /// device's queue then stays less than a step ahead, so that few sums are under way.
  public let isFrequent: Bool
  /// The state that a backend keeps from the start of the sum to its end.
  public var underway: Any?

  public init(of values: Tensor, over ranks: Communicator, isFrequent: Bool = false) {
    self.values = values
    self.ranks = ranks
    self.isFrequent = isFrequent
  }

  public var start: RankSumStart { RankSumStart(sum: self) }
  public var end: RankSumEnd { RankSumEnd(sum: self) }
}

/// Hands a rank's values over to the sum.
public struct RankSumStart: Operation {
  public static let name = "RankSumStart"
  public var pass: Pass { .forward }

  public let sum: RankSum

  public var reads: [Tensor] { [sum.values] }
  public var writes: [Tensor] { [sum.values] }
  public var floatingPointOperations: Int { 0 }
  /// None: the time is that of messages.
  public var minimumBytes: Int { 0 }

  public func validate() throws(BackendError) { try requireVector(sum.values, count: sum.values.shape.count) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// Makes the values the sum, for what comes after it.
public struct RankSumEnd: Operation {
  public static let name = "RankSumEnd"
  public var pass: Pass { .forward }

  public let sum: RankSum

  public var reads: [Tensor] { [sum.values] }
  public var writes: [Tensor] { [sum.values] }
  public var floatingPointOperations: Int { 0 }
  /// None: the time is that of messages.
  public var minimumBytes: Int { 0 }

  public func validate() throws(BackendError) { try requireVector(sum.values, count: sum.values.shape.count) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
