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
