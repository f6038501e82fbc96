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

  /// Keeps `tensor` readable by the host after a run.
  public func keep(_ tensor: Tensor) { kept.insert(ObjectIdentifier(tensor.storage)) }
}

/// A list of operations bound to memory, such as one training step or one batch of inference. Running it allocates
/// nothing.
public final class Plan {
  private let backend: any Backend
  private let launches: [any Launch]
  /// The operations, in order.
  public let operations: [any Operation]

  init(backend: any Backend, operations: [any Operation], launches: [any Launch]) {
    self.backend = backend
    self.operations = operations
    self.launches = launches
  }

  /// Enqueues every operation on the device; does not wait.
  public func run() throws(BackendError) {
    for launch in launches { try launch.run() }
    try backend.flush()
  }

  /// Runs the plan `count` times and times every operation by itself, waiting for the device after each.
  /// - Returns: the median of each operation's durations, in seconds.
  func profile(count: Int) throws(BackendError) -> [Double] {
    var durations = [[Double]](repeating: [], count: launches.count)
    for _ in 0..<count {
      for (index, launch) in launches.enumerated() { durations[index].append(try backend.time(launch)) }
    }
    return durations.map { $0.sorted()[$0.count / 2] }
  }
}
