import Files
import Glibc
import Synchronization

extension Communicator {
  /// Returns the ranks that this process is one of: those of the launcher that started it, else it alone. A process
  /// joins once; later calls return the same.
  /// - Parameter version: The version of the program, which must be the same on all ranks.
  /// - Throws: where there is a launcher and no `librecolor-mpi.so`, where the number of ranks is no power of two,
  ///   where a rank does not come in `RECOLOR_MPI_TIMEOUT` seconds or is of another version.
  public static func join(version: String) throws(MessagePassingError) -> Communicator {
    if let joined { return joined }
    guard let launcher = Launcher.current, launcher.rankCount != 1 else {
      ofProcess.set(.single)
      return .single
    }
    let library = try MPILibrary.shared()
    let communicator = try Communicator(timeLimit: timeLimit(), join: library.join)
    ofProcess.set(communicator)
    guard communicator.rankCount.nonzeroBitCount == 1 else { throw .rankCount(communicator.rankCount) }
    try communicator.requireAgreement(on: [("version", version), ("MPI", library.mpi)])
    return communicator
  }

  /// The ranks that this process has joined and not left; nil where there are none.
  public static var joined: Communicator? { ofProcess.value }

  private static let ofProcess = Joined()

  private final class Joined: Sendable {
    private let communicator = Mutex<Communicator?>(nil)

    var value: Communicator? { communicator.withLock { $0 } }

    func set(_ new: Communicator?) { communicator.withLock { $0 = new } }
  }

  /// Joins the ranks of a transport.
  /// - Parameter timeLimit: The most seconds that a message may take; infinite for no limit.
  package convenience init(timeLimit: Double, join: @escaping Transport.Join) throws(MessagePassingError) {
    let exchange = Exchange(timeLimit: timeLimit)
    let ranks = try exchange.start(join)
    let alone = Communicator(rank: ranks.rank, rankCount: ranks.rankCount, ranksOnHost: [], exchange: exchange)
    let hosts = try alone.allGather(Array(String(ranks.host).utf8))
    let ranksOnHost = hosts.indices.filter { hosts[$0] == hosts[ranks.rank] }
    self.init(rank: ranks.rank, rankCount: ranks.rankCount, ranksOnHost: ranksOnHost, exchange: exchange)
  }

  /// Leaves the ranks at the end of a run, when all do. No call of the communicator may follow.
  public func leave() throws(MessagePassingError) {
    if Self.joined === self { Self.ofProcess.set(nil) }
    try exchange?.end(BlockingJob { transport throws(MessagePassingError) in try transport.leave() })
  }

  /// Ends the processes of all ranks, this one with the exit code. Nothing is said: the caller has written its line.
  public func abort(exitCode: Int32) -> Never {
    exchange?.abort(exitCode: exitCode)
    // MPI ends this process as well. If it hangs, the launcher sees this one end and ends the others.
    if exchange != nil { sleep(5) }
    _exit(exitCode)
  }

  /// The most seconds that a message may take, as `RECOLOR_MPI_TIMEOUT` says, or ten minutes; infinite for 0.
  private static func timeLimit() throws(MessagePassingError) -> Double {
    let name = "RECOLOR_MPI_TIMEOUT"
    guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return 600 }
    guard let seconds = Double(value), seconds >= 0 else {
      throw .environment(name: name, value: value, expected: "a number of seconds, or 0 for no limit")
    }
    return seconds == 0 ? .infinity : seconds
  }
}

// MARK: The end after a failure

extension Communicator {
  /// Ends this process and those of all ranks after a failure, so that as few of them as can be say it.
  ///
  /// Where every rank meets the same failure, rank 0 is the first to say so and to end the others, which give it three
  /// seconds. Without a launcher, this writes and ends the process.
  /// - Parameters:
  ///   - isOfAllRanks: Whether every rank certainly comes here with the same failure, so that rank 0 alone writes.
  ///   - write: Writes the failure's line.
  public static func exit(code: Int32, isOfAllRanks: Bool = false, write: () -> Void) -> Never {
    let communicator = joined
    let rank = communicator?.rank ?? Launcher.current?.rank ?? 0
    if isOfAllRanks {
      if rank == 0 { write() }
      try? communicator?.leave()
      Glibc.exit(code)
    }
    // A signal in that time is the launcher's, which ends the ranks.
    if rank > 0, sleep(3) > 0 { Glibc.exit(code) }
    write()
    guard let communicator, communicator.rankCount > 1 else { Glibc.exit(code) }
    communicator.abort(exitCode: code)
  }
}
