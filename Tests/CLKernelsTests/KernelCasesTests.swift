import CLKernels
import KernelCases
import Runtime
import Testing

/// Every operation at its smallest and its awkward shapes, and at those of the models, against the float64 reference, with both kinds of bodies.
@Suite("Kernel cases on OpenCL", .enabled(if: TestDevice.isAvailable, TestDevice.skipReason))
struct KernelCasesTests {
  static let cases =
    KernelCases.all(.smallest) + KernelCases.all(.awkward) + KernelCases.all(.trainingStep(width: 8, batch: 2))
  /// Those that no bodies have for their own.
  static let otherWays = MethodFamily.allCases.filter { $0 != .tiled && $0 != .vector }
  static let names = Set(cases.map(\.name)).sorted()

  @Test("Every case matches the reference", arguments: names, KernelBodies.allCases)
  func everyCase(name: String, bodies: KernelBodies) throws {
    let runner = CaseRunner(backend: try CLBackend(device: try TestDevice.device(), bodies: bodies))
    for kernelCase in Self.cases where kernelCase.name == name {
      let result = try runner.run(kernelCase)
      #expect(result.failures.isEmpty, "\(kernelCase): \(result.failures)")
    }
  }

  @Test(
    "Every convolution matches the reference in every way to compute it; tensor cores that are not there are emulated",
    arguments: otherWays)
  func everyWay(family: MethodFamily) throws {
    let backend = try CLBackend(device: try TestDevice.device(), methods: MethodChoice(family: family))
    let runner = CaseRunner(backend: backend)
    var count = 0
    for kernelCase in Self.cases where kernelCase.name.hasSuffix("Convolution") {
      let instance = kernelCase.make()
      guard backend.methodFamily(of: instance.operation) == family else { continue }
      let accuracy = try #require(backend.accuracy(of: instance.operation))
      let result = try runner.run(instance, tolerance: accuracy.tolerance(insteadOf: instance.tolerance))
      #expect(result.failures.isEmpty, "\(kernelCase): \(result.failures)")
      count += 1
    }
    #expect(count > 50)
  }
}
