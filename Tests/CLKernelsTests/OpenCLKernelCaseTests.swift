import CLKernels
import KernelCases
import Runtime
import TestSupport
import Testing

/// Every operation at its smallest and its awkward shapes, and at those of the models, against the float64 reference.
@MainActor
@Suite("Kernel cases on OpenCL", .needsOpenCL)
struct OpenCLKernelCaseTests {
  nonisolated static let cases =
    KernelCases.all(.smallest) + KernelCases.all(.awkward) + KernelCases.all(.trainingStep(width: 8, batch: 2))
  nonisolated static let convolutions = cases.filter { $0.name.hasSuffix("Convolution") }
  /// The algorithms that are not the plain ones of either kind of bodies.
  nonisolated static let kinds = AlgorithmKind.allCases.filter { $0 != .tiled && $0 != .vector }

  /// Opened once: there are thousands of cases.
  private static var byBodies: [KernelBodies: CLBackend] = [:]
  private static var byKind: [AlgorithmKind: CLBackend] = [:]

  private static func backend(_ bodies: KernelBodies) throws -> CLBackend {
    let backend = try byBodies[bodies] ?? CLBackend(device: TestBackends.openCLDevice(), bodies: bodies)
    byBodies[bodies] = backend
    return backend
  }

  private static func backend(_ kind: AlgorithmKind) throws -> CLBackend {
    let choice = AlgorithmChoice(kind: kind)
    let backend = try byKind[kind] ?? CLBackend(device: TestBackends.openCLDevice(), algorithms: choice)
    byKind[kind] = backend
    return backend
  }

  @Test("Every case matches the reference with both kinds of bodies", arguments: cases)
  func everyCase(_ kernelCase: KernelCase) throws {
    // Made once: computing the reference is slow.
    let instance = kernelCase.make()
    for bodies in KernelBodies.allCases {
      let failures = try CaseRunner(backend: Self.backend(bodies)).run(instance).failures
      #expect(failures.isEmpty, "with bodies for a \(bodies.rawValue)")
    }
  }

  @Test(
    "Every convolution matches the reference with every algorithm; tensor cores that are not there are emulated",
    arguments: convolutions)
  func everyAlgorithm(_ kernelCase: KernelCase) throws {
    let instance = kernelCase.make()
    for kind in Self.kinds {
      let backend = try Self.backend(kind)
      guard backend.algorithmKind(of: instance.operation) == kind else { continue }
      let accuracy = try #require(backend.accuracy(of: instance.operation))
      let tolerance = accuracy.tolerance(insteadOf: instance.tolerance)
      #expect(try CaseRunner(backend: backend).run(instance, tolerance: tolerance).failures.isEmpty, "\(kind)")
    }
  }

  @Test("Every algorithm computes some of them", arguments: kinds)
  func coverage(kind: AlgorithmKind) throws {
    let backend = try Self.backend(kind)
    let passes = Self.convolutions.filter { backend.algorithmKind(of: $0.make().operation) == kind }.map(\.pass)
    #expect(Set(passes) == [.forward, .backwardData, .backwardFilter])
    #expect(passes.count > 50)
  }
}

/// Every operation against the values that PyTorch computed in double precision.
@Suite("PyTorch's vectors on OpenCL", .needsOpenCL)
struct OpenCLPyTorchVectorTests {
  @Test("Forward and backward agree with PyTorch", arguments: VectorSuite.all, KernelBodies.allCases)
  func agrees(with suite: VectorSuite, bodies: KernelBodies) throws {
    try suite.check(on: CLBackend(device: TestBackends.openCLDevice(), bodies: bodies))
  }
}
