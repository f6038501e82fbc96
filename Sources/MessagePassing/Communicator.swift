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

  /// Starts to add up a vector over all ranks, and returns at once. In the end each rank has the same bits: the sum by a
  /// binary tree over the ranks, `((x₀ + x₁) + (x₂ + x₃)) + …`, whatever the length of the vector.
  ///
  /// Where each rank's vector is the sum by the same tree of those of its own neighboring replicas, the result does not
  /// depend on the number of ranks. Sums that were started at different times go on side by side.
  /// - Parameters:
  ///   - values: This rank's term, replaced by the sum. As many on every rank; neither read nor written by others until
  ///     the sum has ended.
  ///   - isReady: Whether the values are there. It is asked on the communicator's thread until it says so; nil where they
  ///     are. An error of it fails the communicator.
  ///   - whenDone: Called once on the communicator's thread when the values are the sum, or with the error for which
  ///     they will never be.
  public func startSum(
    of values: UnsafeMutableBufferPointer<Float>, isReady: (@Sendable () throws -> Bool)? = nil,
    whenDone: (@Sendable (MessagePassingError?) -> Void)? = nil
  ) -> Sum

  /// Waits until the values of a sum are there.
  public func wait(for sum: Sum) throws(MessagePassingError)

  /// Adds up a vector over all ranks, as `startSum`, and waits for it.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError)
}

// MARK: Bytes

extension Communicator {
  /// Returns what rank `root` passed; the others' bytes are not looked at.
  public func broadcast(_ bytes: [UInt8], from root: Int = 0) throws(MessagePassingError) -> [UInt8]

  /// Returns the bytes of every rank in their order on rank 0, and an empty list on the others. Their counts may differ.
  public func gather(_ bytes: [UInt8]) throws(MessagePassingError) -> [[UInt8]]

  /// Returns the bytes of every rank in their order, on every rank. Their counts may differ; meant for small ones.
  public func allGather(_ bytes: [UInt8]) throws(MessagePassingError) -> [[UInt8]]

  /// Waits until every rank has called this.
  public func barrier() throws(MessagePassingError)

  /// Returns whether any rank passed true: a request to stop, for example.
  public func isAny(_ flag: Bool) throws(MessagePassingError) -> Bool
}

// MARK: Agreement

extension Communicator {
  /// Checks that all ranks have the same: of each name, such as `options` or `the training images`, the same text (a
  /// digest, or the value itself where it is short).
  /// - Throws: On every rank `MessagePassingError.disagreement` with the first name that differs and a rank that has
  ///   another text than rank 0.
  public func requireAgreement(on values: [(name: String, text: String)]) throws(MessagePassingError)

  /// Checks that no other rank of the same machine uses the same thing.
  /// - Parameter device: What this rank uses, `opencl:0.0`; nil where it may be shared, as the processor.
  /// - Throws: On every rank `MessagePassingError.deviceTakenTwice`.
  public func requireOwnDevice(_ device: String?) throws(MessagePassingError)
}

// MARK: Start and end

extension Communicator {
  /// Returns the ranks that this process is one of: those of the launcher that started it, else it alone. A process
  /// joins once; later calls return the same.
  /// - Throws: where there is a launcher and no `librecolor-mpi.so`, where the number of ranks is no power of two, where
  ///   a rank does not come in `RECOLOR_MPI_TIMEOUT` seconds or is of another version.
  public static func join() throws(MessagePassingError) -> Communicator

  /// What `join` returned in this process; nil before.
  public static var joined: Communicator? { get }

  /// Leaves the ranks at the end of a run, when all do. No call of the communicator may follow.
  public func leave() throws(MessagePassingError)

  /// Ends the processes of all ranks, this one with the exit code. Nothing is said: the caller has written its line.
  public func abort(exitCode: Int32) -> Never
}
