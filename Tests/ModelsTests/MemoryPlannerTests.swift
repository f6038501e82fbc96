import Runtime
import Testing

@testable import Models

@Suite("Memory planner")
struct MemoryPlannerTests {
  /// A chain of n operations, each reading the tensor before and writing the next.
  private func chain(_ sizes: [Int]) -> PlanBuilder {
    let builder = PlanBuilder()
    let tensors = sizes.enumerated().map { builder.tensor("t\($0)", Shape(vector: $1)) }
    for (input, output) in zip(tensors, tensors.dropFirst()) {
      builder.append(Concatenation(inputs: [input], output: output), .batch)
    }
    return builder
  }

  @Test("Tensors alive at the same time never share memory, and dead ones make room")
  func noOverlap() throws {
    let builder = chain([100, 7, 300, 300, 5, 1000, 64, 64, 64, 900])
    let planner = MemoryPlanner(alignment: 128, arenaLimit: .max)
    let (placements, arenas) = planner.place(builder)
    #expect(placements.count == builder.transients.count)
    let place = Dictionary(uniqueKeysWithValues: placements.map { (ObjectIdentifier($0.storage), $0) })
    for operation in builder.operations {
      let live = (operation.reads + operation.writes).map { place[ObjectIdentifier($0.storage)] }
      guard let first = live[0], let second = live[1] else {
        Issue.record("a tensor has no place")
        continue
      }
      #expect(first.byteOffset % 128 == 0)
      let (low, high) = first.byteOffset < second.byteOffset ? (first, second) : (second, first)
      #expect(low.byteOffset + low.storage.byteCount <= high.byteOffset)
    }
    let total = try #require(arenas.first)
    #expect(arenas.count == 1)
    #expect(total < builder.transients.reduce(0) { $0 + $1.byteCount })
  }

  @Test("A tensor that the host reads keeps its memory to the end")
  func kept() throws {
    let builder = chain([64, 64, 64, 64])
    builder.keep(Tensor(storage: builder.transients[1], shape: Shape(vector: 64)))
    let (placements, _) = MemoryPlanner(alignment: 64, arenaLimit: .max).place(builder)
    let kept = try #require(placements.first { $0.storage === builder.transients[1] })
    let last = try #require(placements.first { $0.storage === builder.transients[3] })
    #expect(kept.byteOffset != last.byteOffset)
  }

  @Test("No arena grows past the device's largest allocation")
  func arenaLimit() {
    let (placements, arenas) = MemoryPlanner(alignment: 64, arenaLimit: 4096).place(chain([1000, 1000, 1000, 1000]))
    #expect(arenas.count > 1)
    #expect(arenas.allSatisfy { $0 <= 4096 })
    #expect(Set(placements.map(\.arena)).count == arenas.count)
  }
}
