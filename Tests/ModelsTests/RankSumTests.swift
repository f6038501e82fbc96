import Files
import MessagePassing
import Runtime
import TestSupport
import Testing

@testable import Models

/// Sums of tensors over ranks that are threads.
@Suite("Sums over ranks")
struct RankSumTests {
  /// Long enough that freed memory goes back to the system.
  private static let count = 1 << 18

  /// Returns a vector of one value on a device.
  private static func vector(of value: Float, on backend: any Backend) throws -> Tensor {
    let tensor = Tensor("values", Shape(vector: count))
    try tensor.storage.allocate(on: backend)
    try backend.upload([Float](repeating: value, count: count), to: tensor)
    return tensor
  }

  /// Starts a sum on a device that nothing keeps afterwards, as an error does that ends a step.
  private static func start(_ value: Float, _ kind: TestBackends, over ranks: Communicator) throws {
    let backend = try kind.make()
    try backend.launch(RankSum(of: vector(of: value, on: backend), over: ranks).start).run()
  }

  @Test("A rank that fails after a sum's start still sends its term", arguments: TestBackends.available)
  func failedStep(on kind: TestBackends) throws {
    let hasFailed = Monitor(false)
    let sums = try InProcessRanks.run(2) { ranks in
      guard ranks.rank == 1 else {
        try Self.start(1, kind, over: ranks)
        // In the place of what was freed.
        let others = try Self.vector(of: 5, on: kind.make())
        hasFailed.withLock { $0 = true }
        try ranks.barrier()
        return withExtendedLifetime(others) { [Float]() }
      }
      let backend = try kind.make()
      let sum = RankSum(of: try Self.vector(of: 2, on: backend), over: ranks)
      hasFailed.wait { $0 ? () : nil }
      for operation in [sum.start, sum.end] as [any Operation] { try backend.launch(operation).run() }
      let values = try backend.floats(of: sum.values)
      try ranks.barrier()
      return values
    }
    #expect(sums[1] == [Float](repeating: 3, count: Self.count))
  }

  @Test("What a sum is to give cannot be read where its messages fail", arguments: TestBackends.available)
  func failedMessages(on kind: TestBackends) throws {
    let isOver = Monitor(false)
    let errors = try InProcessRanks.run(2, timeLimit: 0.5) { ranks in
      guard ranks.rank == 0 else {
        isOver.wait { $0 ? () : nil }
        return ""
      }
      defer { isOver.withLock { $0 = true } }
      do {
        let backend = try kind.make()
        let sum = RankSum(of: try Self.vector(of: 1, on: backend), over: ranks)
        for operation in [sum.start, sum.end] as [any Operation] { try backend.launch(operation).run() }
        _ = try backend.floats(of: sum.values)
        return "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(errors[0].hasPrefix("rank 1 sent nothing in 0.5 s"), "\(errors)")
  }
}
