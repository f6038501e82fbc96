import Runtime

/// Places the tensors of a plan in memory, so that those that are not alive at the same time share it.
///
/// A storage is alive from the first operation that uses it to the last. Storages are placed largest first, each at the
/// lowest offset where it overlaps no other that is alive at the same time (greedy by size: Pisarchyk and Lee 2020,
/// "Efficient memory management for deep neural net inference").
struct MemoryPlanner {
  /// The place of one storage.
  struct Placement {
    let storage: TensorStorage
    let arena: Int
    let byteOffset: Int
  }

  /// The placements of all storages, and the size of each arena in bytes.
  typealias Layout = (placements: [Placement], arenaByteCounts: [Int])

  /// Start of every placement is a multiple of this, in bytes.
  let alignment: Int
  /// Largest size of one arena, in bytes.
  let arenaLimit: Int

  /// Places every transient storage of `builder`.
  func place(_ builder: PlanBuilder) -> Layout {
    let lifetimes = lifetimes(of: builder)
    let order = builder.transients.indices.sorted {
      (builder.transients[$1].byteCount, $0) < (builder.transients[$0].byteCount, $1)
    }
    var placed: [(placement: Placement, lifetime: ClosedRange<Int>)] = []
    var arenas: [Int] = []
    for index in order {
      let storage = builder.transients[index]
      guard let lifetime = lifetimes[ObjectIdentifier(storage)] else { continue }
      var arena = 0
      var offset = lowestOffset(for: storage, alive: lifetime, in: placed, arena: arena)
      while offset > 0, offset + storage.byteCount > arenaLimit {
        arena += 1
        offset = lowestOffset(for: storage, alive: lifetime, in: placed, arena: arena)
      }
      if arena == arenas.count { arenas.append(0) }
      arenas[arena] = max(arenas[arena], offset + storage.byteCount)
      placed.append((Placement(storage: storage, arena: arena, byteOffset: offset), lifetime))
    }
    return (placed.map(\.placement), arenas)
  }

  private func lowestOffset(
    for storage: TensorStorage, alive lifetime: ClosedRange<Int>,
    in placed: [(placement: Placement, lifetime: ClosedRange<Int>)], arena: Int
  ) -> Int {
    let neighbours =
      placed
      .filter { $0.placement.arena == arena && $0.lifetime.overlaps(lifetime) }
      .map { ($0.placement.byteOffset, $0.placement.byteOffset + $0.placement.storage.byteCount) }
      .sorted { $0.0 < $1.0 }
    var offset = 0
    for (start, end) in neighbours {
      if offset + storage.byteCount <= start { break }
      offset = max(offset, ceilDivide(end, alignment) * alignment)
    }
    return offset
  }

  private func lifetimes(of builder: PlanBuilder) -> [ObjectIdentifier: ClosedRange<Int>] {
    var lifetimes: [ObjectIdentifier: ClosedRange<Int>] = [:]
    let operations = builder.operations
    for (index, operation) in operations.enumerated() {
      for tensor in operation.reads + operation.writes {
        let id = ObjectIdentifier(tensor.storage)
        let first = lifetimes[id]?.lowerBound ?? index
        lifetimes[id] = first...(builder.kept.contains(id) ? operations.count : index)
      }
    }
    return lifetimes
  }
}
