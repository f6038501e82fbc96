import Runtime

/// Emits the sums over replicas of a network's gradients and running statistics, in a part of a training step that ends
/// with these sums.
///
/// Each replica updates a copy of the running statistics as they were at the part's beginning. The gradients of the
/// replicas are added up as a binary counter counts: when replica r is done, as many pairs of equal sums are complete
/// as r + 1 has trailing zeros. So a process needs no vector of gradients for each of its replicas, but one for each
/// level of the tree. Replicas in lockstep (`Lockstep`) have a vector each, which are added up at the part's end.
///
/// Where there is one replica, this emits nothing, and the replica uses the vectors of the network.
final class ReplicaSums {
  private let parameters: ParameterSet
  private let replicas: Replicas
  private let label: OperationLabel
  private let builder: PlanBuilder
  /// The running statistics of each replica of this process.
  private let statistics: [Tensor]
  /// The vectors of partial gradients: the n-th holds the n-th of the sums that are not complete, or the gradient that
  /// is computed.
  private let gradients: [Tensor]
  /// The sums over the ranks of the parts of the gradient, in the order of their starts.
  private var rankSums: [RankSum] = []

  /// Begins a part of a step: emits the copies of the running statistics.
  /// - Parameters:
  ///   - name: of the network, in tables.
  ///   - hasGradients: whether the part computes the gradients of the parameters.
  init(
    of parameters: ParameterSet, _ name: String, over replicas: Replicas, hasGradients: Bool = true,
    into builder: PlanBuilder
  ) {
    self.parameters = parameters
    self.replicas = replicas
    label = .replicaSums(name)
    self.builder = builder
    if hasGradients {
      parameters.makePartialGradients(
        replicas.synchronizesBatchNorm ? replicas.localCount - 1 : replicas.localCount.trailingZeroBitCount)
    }
    gradients = hasGradients ? ([parameters.gradients] + parameters.partialGradients).map(\.vector) : []
    guard replicas.count > 1 else {
      statistics = [parameters.statistics.vector]
      return
    }
    let shape = Shape(vector: parameters.statistics.count)
    statistics = (0..<replicas.localCount).map { builder.tensor("\(name).running statistics \($0)", shape) }
    for copy in statistics { builder.append(ScaledSum(parameters.statistics.vector, output: copy), label) }
  }

  /// The parameters as a replica of this process uses them, the first of which is 0. Its gradients are to be complete,
  /// and `add` called, before the next replica's are computed, unless replicas are in lockstep.
  func view(of replica: Int) -> ParameterView {
    ParameterView(
      values: parameters.values, statistics: statistics[replica].storage,
      gradients: gradients.isEmpty ? parameters.gradients : gradients[place(of: replica)].storage)
  }

  /// The number of the vector for the gradient of a replica of this process.
  private func place(of replica: Int) -> Int { replicas.synchronizesBatchNorm ? replica : replica.nonzeroBitCount }

  /// Emits the additions of gradients that are possible when those of a replica of this process are complete; where
  /// replicas are in lockstep, `finish` does that for all.
  func add(_ replica: Int) {
    guard !replicas.synchronizesBatchNorm else { return }
    let places = (0..<(replica + 1).trailingZeroBitCount).map { replica.nonzeroBitCount - 1 - $0 }
    add(places.map { ($0, $0 + 1) }, after: replica)
  }

  /// Emits additions of gradients in pairs, in order, each into its first.
  /// - Parameter replica: the last one whose gradients are complete.
  private func add(_ pairs: [(sum: Int, term: Int)], after replica: Int) {
    if replicas.rankCount > 1, replica == replicas.localCount - 1 { return addInBuckets(pairs, after: replica) }
    for (sum, term) in pairs {
      builder.append(ScaledSum(gradients[sum], gradients[term], output: gradients[sum]), label)
    }
  }

  /// Emits the same for the last replica of this process, part by part, each as soon as it is complete, and the start
  /// of each part's sum over the ranks.
  private func addInBuckets(_ pairs: [(sum: Int, term: Int)], after replica: Int) {
    let written = gradients[place(of: replica)].storage
    let buckets = GradientBuckets(of: written, writtenBy: builder.operations).buckets
    for bucket in buckets.reversed() {
      let parts = gradients.map { gradient in
        Tensor(storage: gradient.storage, shape: Shape(vector: bucket.range.count), offset: bucket.range.lowerBound)
      }
      let sum = RankSum(of: parts[0], over: replicas.ranks)
      let additions = pairs.map { ScaledSum(parts[$0.sum], parts[$0.term], output: parts[$0.sum]) }
      builder.insert(additions + [sum.start], at: bucket.position, label)
      rankSums.insert(sum, at: 0)
    }
  }

  /// Ends the part: emits what makes the network's gradient the sum over all replicas, and its running statistics the
  /// mean of theirs.
  func finish() {
    guard replicas.count > 1 else { return }
    if replicas.synchronizesBatchNorm, !gradients.isEmpty {
      // In lockstep, the last replica completes each part of the gradient after the others.
      add(PlanBuilder.treePairs(replicas.localCount), after: replicas.localCount - 1)
    }
    builder.appendTreeSum(of: statistics, label)
    if replicas.rankCount > 1 {
      let sum = RankSum(of: statistics[0], over: replicas.ranks)
      builder.append(sum.start, label)
      for sum in rankSums + [sum] { builder.append(sum.end, label) }
    }
    builder.append(
      ScaledSum(statistics[0], factor: replicas.share, output: parameters.statistics.vector), label)
  }
}

extension TensorStorage {
  /// All elements.
  fileprivate var vector: Tensor { Tensor(storage: self, shape: Shape(vector: count)) }
}
