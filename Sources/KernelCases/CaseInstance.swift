import Runtime

/// A case with its tensors, which have no memory yet. FLOPs and bytes are the operation's.
public struct CaseInstance {
  public let operation: any Operation
  /// Contents before the operation; what is not listed holds nothing of use.
  public let inputs: [TensorValues]
  /// Largest error allowed, relative to the largest reference value of the tensor.
  public let tolerance: Double
  /// To be called between preparing the operation and launching it: gives its variables, the learning rate for one, the
  /// values that the reference counts on, so that a backend that reads them too early is found out.
  public let setVariables: () -> Void
  private let reference: () -> [TensorValues]

  public init(
    operation: any Operation, inputs: [TensorValues], tolerance: Double, setVariables: @escaping () -> Void = {},
    reference: @escaping () -> [TensorValues]
  ) {
    self.operation = operation
    self.inputs = inputs
    self.tolerance = tolerance
    self.setVariables = setVariables
    self.reference = reference
  }

  /// What every tensor that the operation writes must hold after it, by the reference in double precision. Slow.
  /// Call `setVariables` before.
  public func expected() -> [TensorValues] { reference() }

  /// The storages behind the operation's tensors, each once.
  public var storages: [TensorStorage] {
    var seen = Set<ObjectIdentifier>()
    return (operation.reads + operation.writes).map(\.storage).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
