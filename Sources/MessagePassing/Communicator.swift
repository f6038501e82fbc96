import Files

/// The ranks of a run: processes of this program that a launcher such as `mpirun` started together, each with a number.
///
/// Every rank calls the same functions in the same order, each function from one thread at a time. A thread of the
/// communicator moves the messages, so that sums go on while the caller computes.
public final class Communicator: Sendable {
  /// The number of this process, from 0.
  public let rank: Int
  /// How many processes there are; a power of two.
  public let rankCount: Int
  /// The ranks on this machine, ascending; this one is among them.
  public let ranksOnHost: [Int]
  /// The thread that moves messages; nil where there is one rank.
  let exchange: Exchange?

  /// The number of this process among those on this machine, from 0.
  public var localRank: Int { ranksOnHost.firstIndex(of: rank) ?? 0 }
  /// How many processes there are on this machine.
  public var localRankCount: Int { ranksOnHost.count }

  /// A process that runs by itself.
  public static let single = Communicator(rank: 0, rankCount: 1, ranksOnHost: [0], exchange: nil)

  init(rank: Int, rankCount: Int, ranksOnHost: [Int], exchange: Exchange?) {
    self.rank = rank
    self.rankCount = rankCount
    self.ranksOnHost = ranksOnHost
    self.exchange = exchange
  }

  /// Seconds that callers have waited for messages, all calls together.
  public var secondsWaited: Double { exchange?.secondsWaited ?? 0 }
}

// MARK: Sums

extension Communicator {
  /// A sum over all ranks that was started.
  public struct Sum: Sendable {
    let number: Int
  }

  /// Starts to add up a vector over all ranks, and returns at once. In the end each rank has the same bits: the sum by
  /// a binary tree over the ranks, `((x₀ + x₁) + (x₂ + x₃)) + …`, whatever the length of the vector.
  ///
  /// Where each rank's vector is the sum by the same tree of those of its own neighboring replicas, the result does not
  /// depend on the number of ranks. Sums that were started at different times go on side by side. Where there is one
  /// rank, the values are the sum as they are: `whenDone` is called at once, and `isReady` not at all.
  /// - Parameters:
  ///   - values: This rank's term, replaced by the sum. As many on every rank; neither read nor written by others until
  ///     the sum has ended.
  ///   - owner: What keeps the memory of the values; nil where they stay in any case. It lives until no message uses
  ///     them any more, which is for good where the messages fail, and may end on the communicator's thread.
  ///   - isReady: Whether the values are there. It is asked on the communicator's thread until it says so; nil where
  ///     they are. An error of it fails the communicator.
  ///   - whenDone: Called once on the communicator's thread when the values are the sum, or with the error for which
  ///     they will never be.
  public func startSum(
    of values: UnsafeMutableBufferPointer<Float>, keeping owner: AnyObject? = nil,
    isReady: (@Sendable () throws -> Bool)? = nil, whenDone: (@Sendable (MessagePassingError?) -> Void)? = nil
  ) -> Sum {
    guard let exchange else {
      whenDone?(nil)
      return Sum(number: 0)
    }
    return Sum(
      number: exchange.submit { number in
        SumJob(of: values, keeping: owner, tag: Self.tag(of: number), isReady: isReady, whenDone: whenDone)
      })
  }

  /// The tag of a job's messages. Those of jobs that are under way at a time differ; MPI promises this many.
  static func tag(of number: Int) -> Int32 { Int32(number & 0x7FFF) }

  /// Waits until the values of a sum are there.
  public func wait(for sum: Sum) throws(MessagePassingError) { try exchange?.wait(for: sum.number) }

  /// Adds up a vector over all ranks, as `startSum`, and waits for it. The messages use a copy, so the memory of the
  /// values is free afterwards, even where they fail; meant for few values.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError) {
    guard exchange != nil else { return }
    let vector = SumVector(values)
    try wait(for: startSum(of: vector.values, keeping: vector))
    _ = values.update(fromContentsOf: vector.values)
  }
}
