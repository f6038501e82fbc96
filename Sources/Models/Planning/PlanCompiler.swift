import Runtime

/// Compiles builders to plans that share their memory, since only one of them runs at a time.
public struct PlanCompiler {
  private let backend: any Backend

  public init(backend: any Backend) { self.backend = backend }

  /// Returns the memory of the plans, without allocating it.
  public func memory(for builders: [PlanBuilder]) throws(BackendError) -> PlanMemory {
    let layouts = builders.map { planner.place($0).arenaByteCounts.reduce(0, +) }
    return PlanMemory(
      arena: layouts.max() ?? 0,
      withoutReuse: builders.map { $0.transients.reduce(0) { $0 + $1.byteCount } }.max() ?? 0,
      workspace: Self.workspaceByteCount(of: try planned(builders)))
  }

  /// Returns the bytes of each allocation that `compile` makes: the arenas, and the workspace if any.
  func allocations(for builders: [PlanBuilder]) throws(BackendError) -> [Int] {
    let workspace = Self.workspaceByteCount(of: try planned(builders))
    return arenaByteCounts(of: builders.map(planner.place)) + (workspace > 0 ? [workspace] : [])
  }

  /// The bytes of each arena, enough for every plan.
  private func arenaByteCounts(of layouts: [MemoryPlanner.Layout]) -> [Int] {
    (0..<(layouts.map(\.arenaByteCounts.count).max() ?? 0)).map { index in
      layouts.map { index < $0.arenaByteCounts.count ? $0.arenaByteCounts[index] : 0 }.max() ?? 0
    }
  }

  /// Places every tensor, allocates the memory, and binds every operation.
  public func compile(_ builders: [PlanBuilder]) throws(BackendError) -> [Plan] {
    let layouts = builders.map { planner.place($0) }
    let planned = try planned(builders)
    var arenas: [DeviceMemory] = []
    for byteCount in arenaByteCounts(of: layouts) {
      arenas.append(try backend.allocate(byteCount: byteCount))
    }
    let workspaceByteCount = Self.workspaceByteCount(of: planned)
    let workspace = workspaceByteCount > 0 ? try backend.allocate(byteCount: workspaceByteCount) : nil

    var plans: [Plan] = []
    for (index, builder) in builders.enumerated() {
      for placement in layouts[index].placements {
        placement.storage.memory = try backend.region(
          of: arenas[placement.arena], byteOffset: placement.byteOffset, byteCount: placement.storage.byteCount)
      }
      var launches: [any Launch] = []
      for operation in planned[index] { launches.append(try operation.bind(workspace: workspace)) }
      plans.append(Plan(backend: backend, operations: builder.operations, launches: launches))
    }
    return plans
  }

  private var planner: MemoryPlanner {
    MemoryPlanner(alignment: backend.regionAlignment, arenaLimit: backend.maximumAllocationByteCount)
  }

  private func planned(_ builders: [PlanBuilder]) throws(BackendError) -> [[PlannedOperation]] {
    var planned: [[PlannedOperation]] = []
    for builder in builders {
      var operations: [PlannedOperation] = []
      for operation in builder.operations { operations.append(try operation.plan(on: backend)) }
      planned.append(operations)
    }
    return planned
  }

  private static func workspaceByteCount(of planned: [[PlannedOperation]]) -> Int {
    planned.joined().map(\.workspaceByteCount).max() ?? 0
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

  /// Arena and workspace together.
  public var total: Int { arena + workspace }
}
