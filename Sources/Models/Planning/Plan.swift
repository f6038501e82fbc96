import Runtime

/// A list of operations bound to memory: one training step, one batch of inference. Running it allocates nothing.
public final class Plan {
  private let backend: any Backend
  private let launches: [any Launch]
  /// What the plan does, in order; for tables of operations.
  public let operations: [any Operation]

  init(backend: any Backend, operations: [any Operation], launches: [any Launch]) {
    self.backend = backend
    self.operations = operations
    self.launches = launches
  }

  /// Puts every operation into the device's queue and hands the queue to the device; does not wait.
  public func run() throws(BackendError) {
    for launch in launches { try launch.run() }
    try backend.flush()
  }
}
