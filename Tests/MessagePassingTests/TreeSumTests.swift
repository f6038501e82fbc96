import Files
import MessagePassing
import TestSupport
import Testing

@testable import RankProgram

/// Sums over ranks that are threads, by the code that MPI's messages carry.
@Suite("Sums over ranks")
struct TreeSumTests {
  private static let replicas = ReplicaSums(replicaCount: 16)

  @Test("The bits are those of the tree over all replicas, on any number of ranks", arguments: [1, 2, 4, 8, 16])
  func bits(rankCount: Int) throws {
    let expected = Self.replicas.counts.indices.map { Self.replicas.sum($0, of: 0..<16) }
    let results = try InProcessRanks.run(rankCount) { try Self.replicas.sums(on: $0) }
    #expect(results.count == rankCount)
    for result in results {
      for (number, sum) in result.enumerated() {
        let isEqual = zip(sum, expected[number]).allSatisfy { $0.bitPattern == $1.bitPattern }
        #expect(isEqual && sum.count == expected[number].count, "vector \(number)")
      }
    }
  }

  @Test("The vectors tell orders of their sum apart")
  func order() {
    for (number, count) in Self.replicas.counts.enumerated() where count > 1000 {
      #expect(Self.replicas.sum(number, of: 0..<16) != Self.replicas.sumInSequence(number))
    }
  }

  @Test("Special values are added as the processor does")
  func specialValues() throws {
    let terms: [[Float]] = [
      [.infinity, .infinity, -0.0, .leastNonzeroMagnitude, .nan], [-.infinity, 1, -0.0, .leastNonzeroMagnitude, 1],
    ]
    let sums = try InProcessRanks.run(2) { ranks in
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 5)
      defer { values.deallocate() }
      _ = values.initialize(from: terms[ranks.rank])
      try ranks.sum(values)
      return Array(values)
    }
    for sum in sums {
      #expect(sum[0].isNaN && sum[1] == .infinity && sum[2].sign == .minus && sum[4].isNaN)
      #expect(sum[3] == 2 * .leastNonzeroMagnitude)
    }
  }

  @Test("A vector is added to another one")
  func addition() {
    var sum: [Float] = [1, 2, 3]
    let term: [Float] = [0.5, -2, 4]
    sum.withUnsafeMutableBufferPointer { sum in term.withUnsafeBufferPointer { TreeSum.add($0, to: sum) } }
    #expect(sum == [1.5, 0, 7])
  }
}
