import MessagePassing

/// The vote of a run's ranks from step to step, so that all of them stop after the same step and report the same
/// losses: it is done where one of them asks for it.
///
/// A request from before a step is known before the next one, so that no step waits for a message.
final class RankVote {
  private let ranks: Communicator
  /// The requests of this rank, and then the number of ranks that made each: to stop, and to report.
  private let vector = SumVector([0, 0])
  private var flags: UnsafeMutableBufferPointer<Float> { vector.values }
  private var sum: Communicator.Sum?
  private var wantsReport = false
  private var isToReport = false

  init(_ ranks: Communicator) { self.ranks = ranks }

  /// Whether to stop. Called before every step, on all ranks.
  func stops(_ wantsStop: Bool) throws(MessagePassingError) -> Bool {
    guard ranks.rankCount > 1 else { return wantsStop }
    try end()
    let stops = flags[0] > 0
    isToReport = flags[1] > 0
    // Nothing is left to be decided of a run that stops.
    (flags[0], flags[1]) = stops ? (0, 0) : (wantsStop ? 1 : 0, wantsReport ? 1 : 0)
    wantsReport = false
    if !stops { sum = ranks.startSum(of: flags, keeping: vector) }
    return stops
  }

  /// Whether to report the losses. Called after a step.
  func reports(_ wantsReport: Bool) -> Bool {
    guard ranks.rankCount > 1 else { return wantsReport }
    self.wantsReport = wantsReport && ranks.rank == 0
    defer { isToReport = false }
    return isToReport
  }

  /// Waits for the vote under way.
  func end() throws(MessagePassingError) {
    guard let sum else { return }
    self.sum = nil
    try ranks.wait(for: sum)
  }
}
