import Runtime

/// Turns builders into plans that share one arena and one workspace, since only one of them runs at a time.
public struct PlanCompiler {
  private let backend: any Backend

  public init(backend: any Backend) { self.backend = backend }

  /// What the plans would need, without allocating it.
  public func memory(for builders: [PlanBuilder]) -> PlanMemory {
    let layouts = builders.map { planner.place($0).arenaByteCounts.reduce(0, +) }
    return PlanMemory(
      arena: layouts.max() ?? 0,
      withoutReuse: builders.map { $0.transients.reduce(0) { $0 + $1.byteCount } }.max() ?? 0,
      workspace: workspaceByteCount(of: builders))
  }

  /// The allocations that `compile` makes, in bytes: the arenas, and the workspace where there is one.
  func allocations(for builders: [PlanBuilder]) -> [Int] {
    let workspace = workspaceByteCount(of: builders)
    return arenaByteCounts(of: builders.map(planner.place)) + (workspace > 0 ? [workspace] : [])
  }

  /// What each arena takes so that it is large enough for every plan.
  private func arenaByteCounts(of layouts: [MemoryPlanner.Layout]) -> [Int] {
    (0..<(layouts.map(\.arenaByteCounts.count).max() ?? 0)).map { index in
      layouts.map { index < $0.arenaByteCounts.count ? $0.arenaByteCounts[index] : 0 }.max() ?? 0
    }
  }

  /// Places every tensor, allocates the memory, and binds every operation.
  public func compile(_ builders: [PlanBuilder]) throws(BackendError) -> [Plan] {
    let layouts = builders.map { planner.place($0) }
    var arenas: [DeviceMemory] = []
    for byteCount in arenaByteCounts(of: layouts) {
      arenas.append(try backend.allocate(byteCount: byteCount))
    }
    let workspaceByteCount = workspaceByteCount(of: builders)
    let workspace = workspaceByteCount > 0 ? try backend.allocate(byteCount: workspaceByteCount) : nil

    var plans: [Plan] = []
    for (builder, layout) in zip(builders, layouts) {
      for placement in layout.placements {
        placement.storage.memory = try backend.region(
          of: arenas[placement.arena], byteOffset: placement.byteOffset, byteCount: placement.storage.byteCount)
      }
      var launches: [any Launch] = []
      for operation in builder.operations {
        launches.append(try operation.prepare(on: backend, workspace: workspace))
      }
      plans.append(Plan(backend: backend, operations: builder.operations, launches: launches))
    }
    return plans
  }

  private var planner: MemoryPlanner {
    MemoryPlanner(alignment: backend.regionAlignment, arenaLimit: backend.maximumAllocationByteCount)
  }

  private func workspaceByteCount(of builders: [PlanBuilder]) -> Int {
    builders.flatMap(\.operations).map { $0.workspaceByteCount(on: backend) }.max() ?? 0
  }
}
