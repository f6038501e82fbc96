/// The replicas of a training step, and those that this process computes.
///
/// A batch of N images is split into `count` equal parts. Each replica computes the losses and gradients of its part,
/// with batch statistics of its own. Gradients, losses and running statistics are added up over the replicas by one
/// binary tree, neighboring ones first: `((x₀ + x₁) + (x₂ + x₃)) + …`. A process computes neighboring replicas whose
/// number is a power of two, which are a subtree: the bits of a sum do not depend on the number of processes.
public struct Replicas: Hashable, Sendable {
  /// All of them, a power of two: M.
  public let count: Int
  /// Processes that share them, a power of two that divides `count`: R.
  public let rankCount: Int
  /// Number of this process.
  public let rank: Int

  /// One replica: the whole batch.
  public static let one = Replicas(count: 1)

  /// - Precondition: `count` and `rankCount` are powers of two, the latter divides the former, and `rank` is below it.
  public init(count: Int, rankCount: Int = 1, rank: Int = 0) {
    precondition(
      [count, rankCount].allSatisfy { $0 > 0 && $0.nonzeroBitCount == 1 } && rankCount <= count
        && (0..<rankCount).contains(rank), "\(count) replicas on rank \(rank) of \(rankCount)")
    self.count = count
    self.rankCount = rankCount
    self.rank = rank
  }

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
}
