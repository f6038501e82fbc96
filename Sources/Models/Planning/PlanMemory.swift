/// What the plans of a model need, in bytes.
public struct PlanMemory: Sendable {
  /// Activations, gradients of activations and batches, after reuse.
  public let arena: Int
  /// The same if every tensor had memory of its own.
  public let withoutReuse: Int
  /// Scratch memory, shared by all operations.
  public let workspace: Int

  /// Arena and workspace together.
  public var total: Int { arena + workspace }
}
