import Runtime

/// Collects the operations of a plan in the order in which they will run. Nothing here touches a device: tensors have
/// names and shapes, and get their memory when the plan is compiled.
public final class PlanBuilder {
  public private(set) var operations: [any Operation] = []
  /// Storages that the plan places: all except parameters, images and losses.
  public private(set) var transients: [TensorStorage] = []
  /// Storages that the host reads after a run; their memory is not reused.
  private(set) var kept: Set<ObjectIdentifier> = []

  public init() {}

  /// A dense tensor that lives inside the plan.
  public func tensor(_ name: String, _ shape: Shape, _ elementType: ElementType = .float32) -> Tensor {
    let tensor = Tensor(name, shape, elementType)
    transients.append(tensor.storage)
    return tensor
  }

  public func append(_ operation: any Operation) { operations.append(operation) }

  /// Inserts operations in front of the one at a position.
  func insert(_ added: [any Operation], at position: Int) { operations.insert(contentsOf: added, at: position) }

  /// Keeps `tensor` readable by the host after a run.
  public func keep(_ tensor: Tensor) { kept.insert(ObjectIdentifier(tensor.storage)) }
}
