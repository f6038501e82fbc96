import Runtime

/// The purpose of an operation of a plan, in reports: a layer in a pass of a network, or work beside the networks.
public struct OperationLabel: Hashable, Codable, Sendable {
  /// The pass of a network, which begins with the network's name, as its tape does: `generator`, `discriminator fake`;
  /// nil beside the networks.
  public let part: String?
  /// PyTorch's name of the module, as in the names of its parameters: `encoding_unit1.0`. Beside the networks, the
  /// work: `batch`, `Adam, generator`.
  public let layer: String

  init(_ layer: String, in part: String) {
    self.part = part
    self.layer = layer
  }

  private init(beside work: String) {
    part = nil
    layer = work
  }

  /// The batch that a step works on.
  static let batch = OperationLabel(beside: "batch")
  /// The moving average of the generator's weights.
  static let average = OperationLabel(beside: "average of the weights")
  /// The exchange of replicas for the batch norms of all of them.
  static let meeting = OperationLabel(beside: "batch norms over replicas")

  /// A loss and its gradient.
  /// - Parameter name: one of `TrainingStep.lossNames`.
  static func loss(_ name: String) -> OperationLabel { OperationLabel(beside: "loss, \(name)") }

  /// The update of a network's parameters.
  static func adam(_ network: String) -> OperationLabel { OperationLabel(beside: "Adam, \(network)") }

  /// The sums over replicas of a network's gradients and running statistics.
  static func replicaSums(_ part: String) -> OperationLabel { OperationLabel(beside: "sums over replicas, \(part)") }
}

/// An operation of a plan, and what it is for.
public struct LabeledOperation {
  public let operation: any Operation
  public let label: OperationLabel
}
