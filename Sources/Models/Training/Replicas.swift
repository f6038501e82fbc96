import MessagePassing
import Runtime

/// The replicas of a training step, and those that this process computes.
///
/// A batch of N images is split into `count` equal parts. Each replica computes the losses and gradients of its part,
/// with batch statistics of its own or with those of the whole batch. Gradients, losses and running statistics are
/// added up over the replicas by one binary tree, neighboring ones first: `((x₀ + x₁) + (x₂ + x₃)) + …`. A process
/// computes neighboring replicas whose number is a power of two, which are a subtree: the bits of a sum do not depend
/// on the number of processes.
public struct Replicas: Sendable {
  /// All of them, a power of two: M.
  public let count: Int
  /// The processes that share them, whose number divides theirs: R.
  public let ranks: Communicator
  /// Whether batch norms are over the images of all replicas, of which there are several (`Lockstep`).
  let synchronizesBatchNorm: Bool

  /// One replica: the whole batch.
  public static let one = Replicas(count: 1)

  /// - Parameter synchronizingBatchNorm: whether each batch norm is over the images of all replicas.
  /// - Precondition: `count` is a power of two, and no less than the number of ranks, which is one too.
  public init(count: Int, over ranks: Communicator = .single, synchronizingBatchNorm: Bool = false) {
    precondition(
      count > 0 && count.nonzeroBitCount == 1 && count.isMultiple(of: ranks.rankCount),
      "\(count) replicas on \(ranks.rankCount) ranks")
    self.count = count
    self.ranks = ranks
    synchronizesBatchNorm = synchronizingBatchNorm && count > 1
  }

  /// Replicas of a batch that the processes share.
  /// - Parameters:
  ///   - name: What asks for them, for the error; nil for the ranks, where they are as many, or `--replicas`.
  ///   - synchronizingBatchNorm: Whether each batch norm is over the images of all replicas.
  /// - Throws: where there cannot be so many, the processes cannot share them equally, or they cannot share the batch.
  public init(
    _ count: Int, over ranks: Communicator, batchSize: Int, named name: String? = nil,
    synchronizingBatchNorm: Bool = false
  ) throws(RunError) {
    let name = name ?? (ranks.rankCount > 1 && count == ranks.rankCount ? "\(count) ranks" : "--replicas \(count)")
    if let failure = RunRequirements.replicas.failure(of: count, option: "replicas") { throw .invalidOption(failure) }
    guard count.isMultiple(of: ranks.rankCount) else {
      throw .invalidOption(
        "\(name): \(ranks.rankCount) ranks cannot share them equally; start as many as divide them")
    }
    guard batchSize.isMultiple(of: count) else {
      throw .invalidOption(
        "\(name): a batch of \(batchSize) has no \(count) equal parts; use a multiple of \(count) for --batch-size, or "
          + "fewer of them")
    }
    self.init(count: count, over: ranks, synchronizingBatchNorm: synchronizingBatchNorm)
  }

  /// Processes that share the replicas.
  var rankCount: Int { ranks.rankCount }

  /// Number of this process.
  var rank: Int { ranks.rank }

  /// Replicas that this process computes.
  public var localCount: Int { count / rankCount }

  /// The factor that makes a sum over all replicas their mean; exact, as a power of two. The gradient of each replica's
  /// losses is multiplied by it, so that the sum of the gradients is that of the mean loss; so are the summed running
  /// statistics and losses, after the sum.
  var share: Float { 1 / Float(count) }

  /// Returns the positions, in batches of all replicas' images, of those that this process computes: its part of each
  /// batch, one after the other.
  /// - Parameters:
  ///   - order: whole batches; images that fill none are left out.
  ///   - batchSize: images of all replicas in a batch: N.
  func local<Element>(_ order: [Element], batchSize: Int) -> [Element] {
    guard rankCount > 1 else { return order }
    let part = batchSize / rankCount
    var result: [Element] = []
    for batch in stride(from: 0, through: order.count - batchSize, by: batchSize) {
      let first = batch + rank * part
      result += order[first..<first + part]
    }
    return result
  }

  /// Returns the mean over all replicas of each loss.
  /// - Parameter sums: the losses of replica 0, of replica 1, and so on.
  func means(of sums: [Float]) -> [Double] {
    let lossCount = sums.count / count
    var terms = (0..<count).map { replica in sums[replica * lossCount..<(replica + 1) * lossCount].map(Double.init) }
    while terms.count > 1 {
      terms = stride(from: 0, to: terms.count, by: 2).map { zip(terms[$0], terms[$0 + 1]).map(+) }
    }
    return terms[0].map { $0 / Double(count) }
  }

  /// Returns the values of all replicas, in their order, on every rank.
  /// - Parameter local: as many values of each replica of this process, one replica's after the other's.
  func gathered(_ local: [Float]) throws(BackendError) -> [Float] {
    guard rankCount > 1 else { return local }
    // A sum in which each rank has zeros in the others' places.
    var all = [Float](repeating: 0, count: local.count * rankCount)
    all.replaceSubrange(rank * local.count..<(rank + 1) * local.count, with: local)
    try all.withUnsafeMutableBufferPointer { (all) throws(BackendError) in
      do throws(MessagePassingError) { try ranks.sum(all) } catch { throw .messages(error) }
    }
    return all
  }
}
