import Runtime

/// The replicas of this process side by side, from one batch norm to the next, where batch norms are over the images of
/// all replicas (`Replicas.synchronizesBatchNorm`).
///
/// Each replica emits its operations, which are the same for all, into a builder of its own, and meets the others at
/// each batch norm of a forward and of a backward pass. `join` moves the operations to the step's builder in turns:
/// those of each replica up to the first meeting, what is done at the meeting, those of each up to the second, and so
/// on. What a meeting computes goes through the tree of all sums over replicas, so its bits do not depend on the number
/// of processes.
///
/// Where batch norms are over the images of one replica, the operations go to the step's builder as they come.
final class Lockstep {
  /// The operations that a replica emits until the next `join`.
  private struct Part {
    let builder: PlanBuilder
    /// The numbers of operations before each of its meetings.
    var positions: [Int] = []
  }

  /// The tensors that the replicas put together at a batch norm.
  private struct Meeting {
    let exchange: ReplicaMeetings.Exchange
    /// Two numbers of each channel: those of each replica of this process, `[localCount, 1, 2, C]`.
    let parts: Tensor
    /// Those of each process, `[rankCount, 1, 2, C]`; nil where they are not needed.
    let ranks: Tensor?
  }

  fileprivate let replicas: Replicas
  private let builder: PlanBuilder
  /// Empty where replicas do not meet.
  private var parts: [Part]
  /// The meetings since `join`.
  private var meetings: [Meeting] = []

  /// - Parameter builder: the step's.
  init(_ replicas: Replicas, into builder: PlanBuilder) {
    self.replicas = replicas
    self.builder = builder
    parts =
      replicas.synchronizesBatchNorm
      ? (0..<replicas.localCount).map { _ in Part(builder: PlanBuilder(partOf: builder)) } : []
  }

  /// The builder into which a replica of this process emits.
  func builder(of replica: Int) -> PlanBuilder { parts.isEmpty ? builder : parts[replica].builder }

  /// How the batch norms of a replica of this process meet those of the others; nil where they do not.
  func meetings(of replica: Int) -> ReplicaMeetings? {
    parts.isEmpty ? nil : ReplicaMeetings(lockstep: self, replica: replica)
  }

  /// Moves everything that the replicas have emitted to the step's builder.
  func join() {
    let operations = parts.map { $0.builder.take() }
    for number in 0...meetings.count {
      for (part, operations) in zip(parts, operations) {
        precondition(part.positions.count == meetings.count, "a replica meets \(part.positions.count) times")
        let first = number == 0 ? 0 : part.positions[number - 1]
        let end = number == meetings.count ? operations.count : part.positions[number]
        builder.append(contentsOf: operations[first..<end])
      }
      if number < meetings.count { emit(meetings[number]) }
    }
    meetings = []
    for replica in parts.indices { parts[replica].positions = [] }
  }

  /// Returns the tensors of a replica's next meeting.
  fileprivate func place(
    of replica: Int, for exchange: ReplicaMeetings.Exchange, channels: Int
  ) -> ReplicaMeetings.Place {
    let number = parts[replica].positions.count
    if number == meetings.count {
      let (name, ranks) = (exchange.rawValue, replicas.rankCount)
      meetings.append(
        Meeting(
          exchange: exchange,
          parts: builder.tensor("\(name) of replicas", Shape(replicas.localCount, 1, 2, channels)),
          ranks: exchange == .moments && ranks > 1
            ? builder.tensor("\(name) of ranks", Shape(ranks, 1, 2, channels)) : nil))
    }
    let meeting = meetings[number]
    precondition(
      meeting.exchange == exchange && meeting.parts.shape.channels == channels, "replicas that do not do the same")
    return ReplicaMeetings.Place(
      own: meeting.parts.images(replica..<replica + 1), all: (meeting.ranks ?? meeting.parts).images(0..<1))
  }

  /// Has a replica's operations from here on come after its next meeting.
  fileprivate func meet(_ replica: Int) { parts[replica].positions.append(parts[replica].builder.labeled.count) }

  /// Emits what is done at a meeting.
  private func emit(_ meeting: Meeting) {
    let parts = meeting.parts
    switch meeting.exchange {
    case .moments:
      if replicas.localCount > 1 { builder.append(MomentsJoin(parts), .meeting) }
      guard let ranks = meeting.ranks else { return }
      // A sum in which each rank has zeros in the others' places.
      builder.append(Fill(output: ranks, value: 0), .meeting)
      builder.append(
        ScaledSum(parts.images(0..<1), output: ranks.images(replicas.rank..<replicas.rank + 1)), .meeting)
      emitRankSum(of: ranks)
      builder.append(MomentsJoin(ranks), .meeting)
    case .gradientMeans:
      builder.appendTreeSum(of: (0..<replicas.localCount).map { parts.images($0..<$0 + 1) }, .meeting)
      if replicas.rankCount > 1 { emitRankSum(of: parts.images(0..<1)) }
    }
  }

  private func emitRankSum(of values: Tensor) {
    let sum = RankSum(of: values, over: replicas.ranks, isFrequent: true)
    builder.append(sum.start, .meeting)
    builder.append(sum.end, .meeting)
  }
}

/// How the batch norms of a replica meet those of the others.
struct ReplicaMeetings {
  /// The tensors that replicas put together.
  enum Exchange: String {
    /// Means and variances, which are joined to those of all images.
    case moments
    /// Shares of the means of gradients, which are added up.
    case gradientMeans = "gradient means"
  }

  /// Two numbers of each channel, `[1, 1, 2, C]`.
  struct Place {
    /// The replica's own, which it writes before the meeting.
    let own: Tensor
    /// Those of all replicas, after the meeting.
    let all: Tensor
  }

  fileprivate let lockstep: Lockstep
  fileprivate let replica: Int

  /// Returns the tensors of the next meeting.
  func place(for exchange: Exchange, channels: Int) -> Place {
    lockstep.place(of: replica, for: exchange, channels: channels)
  }

  /// Has the operations from here on come after the next meeting.
  func meet() { lockstep.meet(replica) }

  /// Pixels of all replicas.
  /// - Parameter shape: of one replica's tensor.
  func population(of shape: Shape) -> Int { lockstep.replicas.count * shape.pixelCount }
}
