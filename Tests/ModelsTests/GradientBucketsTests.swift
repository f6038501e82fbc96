import Runtime
import Testing

@testable import Models

/// The parts in which gradients are summed over ranks.
@Suite("Parts of gradients")
struct GradientBucketsTests {
  private let gradients = TensorStorage(name: "gradients", elementType: .float32, count: 100)

  private func fill(_ range: Range<Int>) -> any Runtime.Operation {
    Fill(
      output: Tensor(storage: gradients, shape: Shape(vector: range.count), offset: range.lowerBound), value: 0)
  }

  @Test("Are complete after the last operation that writes in them")
  func positions() {
    let other = Fill(output: Tensor("other", Shape(vector: 4)), value: 0)
    // The elements 30..<40 are written by nothing, those from 80 on twice.
    let operations = [other, fill(80..<100), fill(40..<80), fill(80..<100), other, fill(0..<30)]
    let buckets = GradientBuckets(of: gradients, writtenBy: operations, elementCount: 25).buckets
    #expect(buckets.map(\.range) == [40..<100, 0..<40])
    #expect(buckets.map(\.position) == [4, 6])
    let small = GradientBuckets(of: gradients, writtenBy: operations, elementCount: 1).buckets
    #expect(small.map(\.range) == [40..<80, 80..<100, 0..<40])
    #expect(small.map(\.position) == [3, 4, 6])
  }

  @Test("Cover the gradients of both networks, and are complete before the pass ends")
  func networks() throws {
    for kind in ModelKind.allCases {
      let plan = try StepPlan(ModelConfiguration(kind: kind, width: 8), height: 32, width: 32, batchSize: 4)
      for (name, network) in plan.step.networks {
        let gradients = network.parameters.gradients
        let buckets = GradientBuckets(of: gradients, writtenBy: plan.trainingOperations, elementCount: 1_000).buckets
        #expect(buckets.count > 3, "\(name)")
        #expect(buckets.map(\.range.count).reduce(0, +) == gradients.count)
        #expect(Set(buckets.map(\.position)).count > 3)
        #expect(buckets.map(\.range.lowerBound) == buckets.map(\.range.lowerBound).sorted(by: >), "\(name)")
      }
    }
  }
}
