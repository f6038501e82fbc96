import Foundation
import KernelCases
import Runtime
import TestSupport
import Testing

/// The cases themselves, on the reference backend: not whether they pass, which they do by construction, but whether
/// they find planted faults.
@Suite("Kernel cases")
struct ReferenceKernelCaseTests {
  static let smallest = KernelCases.all(.smallest)

  /// The names of all structures in Runtime that are operations.
  static func operations() throws -> Set<String> {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../Sources/Runtime/Operations")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return Set(
      try files.flatMap { file in
        try String(contentsOf: file, encoding: .utf8)
          .matches(of: /struct (\w+): (?:Convolution)?Operation\b/).map { String($0.1) }
      })
  }

  @Test("Cover every operation", arguments: [CaseSize.smallest, .awkward, .trainingStep(width: 16, batch: 2)])
  func coverage(size: CaseSize) throws {
    let covered = KernelCases.all(size).map { String(describing: type(of: $0.make().operation)) }
    #expect(Set(covered) == (try Self.operations()))
  }

  @Test("Have the name and the pass of their operation", arguments: [CaseSize.smallest, .awkward])
  func names(size: CaseSize) {
    for kernelCase in KernelCases.all(size) {
      let operation = kernelCase.make().operation
      #expect(type(of: operation).name == kernelCase.name, "\(kernelCase)")
      #expect(operation.pass == kernelCase.pass, "\(kernelCase)")
    }
  }

  @Test("Have the same inputs each time they are made", arguments: smallest)
  func repeatable(_ kernelCase: KernelCase) throws {
    // Bit patterns, because inputs may be NaN.
    let values = { kernelCase.make().inputs.map { $0.values.values.map(\.bitPattern) } }
    #expect(values() == values())
  }

  /// A fault of the size of the tolerance must not be hidden by a tensor's other elements. It is the only failure: the
  /// tensors that an operation lists as read are sufficient to compute all others.
  @Test("Find a wrong value in every operation and pass", arguments: smallest)
  func wrongValue(_ kernelCase: KernelCase) throws {
    guard !kernelCase.make().operation.reads.isEmpty else { return }
    let failures = try CaseRunner(backend: ReferenceBackend(fault: .wrongValue)).run(kernelCase).failures
    guard failures.count == 1, case .wrongValue = failures[0] else {
      Issue.record("\(failures.map(\.description))")
      return
    }
  }

  /// Those of operations that have values which change from launch to launch.
  static let withVariables = smallest.filter { kernelCase in
    Mirror(reflecting: kernelCase.make().operation).children
      .contains { $0.value is Variable<Float> || $0.value is Variable<Int> }
  }

  @Test("Include the operations with variables")
  func variables() {
    #expect(Set(Self.withVariables.map(\.name)) == ["Adam", "BatchGather", "ExponentialMovingAverage"])
  }

  @Test("Find variables that are read before the launch", arguments: withVariables)
  func earlyVariables(_ kernelCase: KernelCase) throws {
    #expect(try !CaseRunner(backend: ReferenceBackend(fault: .readsVariablesEarly)).run(kernelCase).passed)
  }

  /// Equal shapes once: two at each of five levels, four on concatenations and the last, 1×1; four transposed; the
  /// discriminator's five.
  @Test("Of a training step have the models' shapes")
  func trainingStep() {
    let labels = KernelCases.all(.trainingStep(width: 64, batch: 1))
      .filter { $0.pass == .forward && $0.name.hasSuffix("Convolution") }.map(\.label)
    #expect(labels.count == 15 + 4 + 5)
    for shape in ["1×2×2×1024 → 1024, 3×3", "1×2×2×1024 → 512, 3×3 stride 2 padding 1 output padding 1"] {
      #expect(labels.contains { $0.hasPrefix(shape) }, "\(shape)")
    }
  }
}

/// The references that all backends are compared with, themselves against the values that PyTorch computed.
@Suite("PyTorch's vectors on the references")
struct ReferenceVectorTests {
  @Test("Forward and backward agree with PyTorch", arguments: VectorSuite.all)
  func agrees(with suite: VectorSuite) throws {
    try suite.check(on: ReferenceBackend())
  }
}
