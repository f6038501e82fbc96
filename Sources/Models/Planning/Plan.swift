import Runtime

/// A list of operations bound to memory, such as one training step or one batch of inference. Running it allocates
/// nothing.
public final class Plan {
  private let backend: any Backend
  private let launches: [any Launch]
  /// The operations, in order, each with what it is for.
  public let labeled: [LabeledOperation]

  init(backend: any Backend, operations: [LabeledOperation], launches: [any Launch]) {
    self.backend = backend
    labeled = operations
    self.launches = launches
  }

  /// The operations alone.
  public var operations: [any Operation] { labeled.map(\.operation) }

  /// Compiles the kernels of all operations.
  func prepare() throws(BackendError) {
    for launch in launches { try launch.prepare() }
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

  /// Does the same with the convolutions as another backend plans them, which computes in the same memory.
  /// - Returns: the median of each operation's durations, in seconds; nil for operations that are no convolutions.
  func profileConvolutions(count: Int, on other: any Backend) throws(BackendError) -> [Double?] {
    let places = labeled.indices.filter { labeled[$0].operation is any ConvolutionOperation }
    var planned: [PlannedOperation] = []
    for place in places { planned.append(try labeled[place].operation.plan(on: other)) }
    let byteCount = planned.map(\.workspaceByteCount).max() ?? 0
    let workspace = try byteCount > 0 ? other.allocate(byteCount: byteCount) : nil
    var launches: [any Launch] = []
    for operation in planned { launches.append(try operation.bind(workspace: workspace)) }
    let plan = Plan(backend: other, operations: places.map { labeled[$0] }, launches: launches)
    var durations = [Double?](repeating: nil, count: labeled.count)
    for (place, duration) in zip(places, try plan.profile(count: count)) { durations[place] = duration }
    return durations
  }
}
