import CPUKernels
import CVectorLoops
import KernelCases
import Runtime
import TestSupport
import Testing

/// Every operation at its smallest and its awkward shapes, and at those of the models, against the float64 reference.
@Suite("Kernel cases on the CPU")
struct CPUKernelCaseTests {
  static let cases =
    KernelCases.all(.smallest) + KernelCases.all(.awkward) + KernelCases.all(.trainingStep(width: 8, batch: 2))

  /// Those with products.
  static let convolutions = cases.filter { $0.make().operation is any ConvolutionOperation }

  /// Runs cases on `threadCount` threads and returns a line for each failure.
  static func failures(_ cases: [KernelCase], threadCount: Int, blas: BLAS? = nil) throws -> [String] {
    let runner = CaseRunner(backend: CPUBackend(threadCount: threadCount, blas: blas))
    return try cases.flatMap { kernelCase in
      try runner.run(kernelCase).failures.map { "\(kernelCase): \($0)" }
    }
  }

  @Test("Every case matches the reference on one, two and three threads", arguments: cases)
  func everyCase(_ kernelCase: KernelCase) throws {
    // Made once: computing the reference is slow.
    let instance = kernelCase.make()
    for threadCount in 1...3 {
      let failures = try CaseRunner(backend: CPUBackend(threadCount: threadCount)).run(instance).failures
      #expect(failures.isEmpty, "on \(threadCount) threads")
    }
  }

  @Test("Every convolution matches the reference with products by BLAS", .needsBLAS, arguments: convolutions)
  func everyConvolution(_ kernelCase: KernelCase) throws {
    let (instance, blas) = (kernelCase.make(), try BLAS.shared())
    for threadCount in [1, 3] {
      let failures = try CaseRunner(backend: CPUBackend(threadCount: threadCount, blas: blas)).run(instance).failures
      #expect(failures.isEmpty, "on \(threadCount) threads")
    }
  }

  // In processes of their own, as the limit is the whole process's.

  @Test("Every convolution matches the reference with BLAS and the baseline's instructions", .needsBLAS)
  func baselineBLAS() async {
    await #expect(processExitsWith: .success) {
      vector_limit_instruction_set(Int32(vector_baseline.rawValue))
      let blas = try BLAS.shared()
      try #require(
        try CPUKernelCaseTests.failures(CPUKernelCaseTests.convolutions, threadCount: 2, blas: blas) == [])
    }
  }

  @Test("Every case matches the reference with AVX2 and no more", .enabled(if: processor_instruction_set() >= 1))
  func avx2() async {
    await #expect(processExitsWith: .success) {
      vector_limit_instruction_set(Int32(vector_x86_64_v3.rawValue))
      try #require(try CPUKernelCaseTests.failures(CPUKernelCaseTests.cases, threadCount: 2) == [])
    }
  }

  @Test("Every case matches the reference with the baseline's instructions")
  func baseline() async {
    await #expect(processExitsWith: .success) {
      vector_limit_instruction_set(Int32(vector_baseline.rawValue))
      try #require(try CPUKernelCaseTests.failures(CPUKernelCaseTests.cases, threadCount: 2) == [])
    }
  }
}

/// Every operation against PyTorch's results in double precision.
@Suite("PyTorch's vectors on the CPU")
struct CPUPyTorchVectorTests {
  @Test("Forward and backward agree with PyTorch", arguments: VectorSuite.all)
  func agrees(with suite: VectorSuite) throws {
    try suite.check(on: CPUBackend())
  }

  @Test("Forward and backward agree with PyTorch with products by BLAS", .needsBLAS, arguments: VectorSuite.all)
  func agreesByBLAS(with suite: VectorSuite) throws {
    try suite.check(on: CPUBackend(blas: BLAS.shared()))
  }
}
