import Runtime

/// Collects the operations of a plan in the order in which they will run. Nothing here touches a device: tensors have
/// names and shapes, and get their memory when the plan is compiled.
public final class PlanBuilder {
  /// The operations, each with what it is for.
  public private(set) var labeled: [LabeledOperation] = []
  /// Storages that the plan places: all except parameters, images and losses.
  public private(set) var transients: [TensorStorage] = []
  /// Storages that the host reads after a run; their memory is not reused.
  private(set) var kept: Set<ObjectIdentifier> = []
  /// The builder of the plan where this one's operations will be; nil for this one.
  private let whole: PlanBuilder?

  public init() { whole = nil }

  /// A builder of operations that `take` moves to a plan's builder, in whose plan its tensors live.
  init(partOf whole: PlanBuilder) { self.whole = whole }

  /// A dense tensor that lives inside the plan.
  public func tensor(_ name: String, _ shape: Shape, _ elementType: ElementType = .float32) -> Tensor {
    if let whole { return whole.tensor(name, shape, elementType) }
    let tensor = Tensor(name, shape, elementType)
    transients.append(tensor.storage)
    return tensor
  }

  /// The operations alone.
  public var operations: [any Operation] { labeled.map(\.operation) }

  /// - Parameter label: what the operation is for.
  public func append(_ operation: any Operation, _ label: OperationLabel) {
    labeled.append(LabeledOperation(operation: operation, label: label))
  }

  /// Appends operations of another builder.
  func append(contentsOf added: ArraySlice<LabeledOperation>) { labeled += added }

  /// Inserts operations in front of the one at a position.
  func insert(_ added: [any Operation], at position: Int, _ label: OperationLabel) {
    labeled.insert(contentsOf: added.map { LabeledOperation(operation: $0, label: label) }, at: position)
  }

  /// Removes and returns all operations.
  func take() -> [LabeledOperation] {
    defer { labeled = [] }
    return labeled
  }

  /// Keeps `tensor` readable by the host after a run.
  public func keep(_ tensor: Tensor) { kept.insert(ObjectIdentifier(tensor.storage)) }
}
