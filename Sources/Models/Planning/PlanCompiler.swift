import Runtime

/// Compiles builders to plans that share their memory, since only one of them runs at a time.
public struct PlanCompiler {
  private let backend: any Backend

  public init(backend: any Backend) { self.backend = backend }

  /// Returns the memory of the plans, without allocating it.
  public func memory(for builders: [PlanBuilder]) throws(BackendError) -> PlanMemory {
    let planned = try planned(builders)
    return PlanMemory(
      arena: planned.arenaByteCounts.reduce(0, +),
      withoutReuse: builders.map { $0.transients.reduce(0) { $0 + $1.byteCount } }.max() ?? 0,
      workspace: planned.workspaceByteCount)
  }

  /// Returns the bytes of each allocation that `compile` makes.
  func allocations(for builders: [PlanBuilder]) throws(BackendError) -> [Int] { try planned(builders).allocations }

  /// Places every tensor, allocates the memory, binds every operation, and compiles the kernels of all of them
  /// together.
  public func compile(_ builders: [PlanBuilder]) throws(BackendError) -> [Plan] {
    let planned = try planned(builders)
    var arenas: [DeviceMemory] = []
    for byteCount in planned.arenaByteCounts { arenas.append(try backend.allocate(byteCount: byteCount)) }
    let workspaceByteCount = planned.workspaceByteCount
    let workspace = try workspaceByteCount > 0 ? backend.allocate(byteCount: workspaceByteCount) : nil

    var plans: [Plan] = []
    for (index, builder) in builders.enumerated() {
      for placement in planned.layouts[index].placements {
        placement.storage.memory = try backend.region(
          of: arenas[placement.arena], byteOffset: placement.byteOffset, byteCount: placement.storage.byteCount)
      }
      var launches: [any Launch] = []
      for operation in planned.operations[index] { launches.append(try operation.bind(workspace: workspace)) }
      plans.append(Plan(backend: backend, operations: builder.labeled, launches: launches))
    }
    for plan in plans { try plan.prepare() }
    return plans
  }

  /// Builders with the places of their tensors and their operations' algorithms.
  private struct Planned {
    var layouts: [MemoryPlanner.Layout] = []
    var operations: [[PlannedOperation]] = []

    /// Bytes of each arena, enough for every plan.
    var arenaByteCounts: [Int] {
      (0..<(layouts.map(\.arenaByteCounts.count).max() ?? 0)).map { index in
        layouts.map { index < $0.arenaByteCounts.count ? $0.arenaByteCounts[index] : 0 }.max() ?? 0
      }
    }

    var workspaceByteCount: Int { operations.joined().map(\.workspaceByteCount).max() ?? 0 }

    /// Bytes of each allocation: the arenas, and the workspace if any.
    var allocations: [Int] { arenaByteCounts + (workspaceByteCount > 0 ? [workspaceByteCount] : []) }
  }

  private func planned(_ builders: [PlanBuilder]) throws(BackendError) -> Planned {
    let planner = MemoryPlanner(alignment: backend.regionAlignment, arenaLimit: backend.maximumAllocationByteCount)
    var planned = Planned()
    for builder in builders {
      planned.layouts.append(planner.place(builder))
      var operations: [PlannedOperation] = []
      for operation in builder.operations { operations.append(try operation.plan(on: backend)) }
      planned.operations.append(operations)
    }
    return planned
  }
}

/// The memory of plans in bytes.
public struct PlanMemory: Sendable {
  /// Activations, gradients of activations and batches, with reuse.
  public let arena: Int
  /// The same without reuse: the sum of all tensors.
  public let withoutReuse: Int
  /// Workspace, shared by all operations.
  public let workspace: Int
}
