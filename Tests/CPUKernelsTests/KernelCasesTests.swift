import CPUKernels
import CVectorLoops
import KernelCases
import Runtime
import Testing

/// Every operation at its smallest and its awkward shapes, and at those of the models, against the float64 reference.
@Suite("Kernel cases on the CPU")
struct KernelCasesTests {
  static let cases =
    KernelCases.all(.smallest) + KernelCases.all(.awkward) + KernelCases.all(.trainingStep(width: 8, batch: 2))
  static let names = Set(cases.map(\.name)).sorted()

  /// What is wrong with the results on `threadCount` threads.
  static func failures(threadCount: Int, _ cases: [KernelCase]) throws -> [String] {
    let runner = CaseRunner(backend: CPUBackend(threadCount: threadCount))
    return try cases.flatMap { kernelCase in
      try runner.run(kernelCase).failures.map { "\(kernelCase): \($0)" }
    }
  }

  @Test("Every case matches the reference", arguments: names, [1, 2, 3])
  func everyCase(name: String, threadCount: Int) throws {
    let failures = try Self.failures(threadCount: threadCount, Self.cases.filter { $0.name == name })
    #expect(failures.isEmpty)
  }

  // In a process of their own, for the instruction set is the whole process's.

  @Test("Every case matches the reference with AVX2 and no more", .enabled(if: processor_instruction_set() >= 1))
  func avx2() async {
    await #expect(processExitsWith: .success) {
      vector_limit_instruction_set(Int32(vector_x86_64_v3.rawValue))
      try #require(try KernelCasesTests.failures(threadCount: 2, KernelCasesTests.cases).isEmpty)
    }
  }

  @Test("Every case matches the reference with the baseline's instructions")
  func baseline() async {
    await #expect(processExitsWith: .success) {
      vector_limit_instruction_set(Int32(vector_baseline.rawValue))
      try #require(try KernelCasesTests.failures(threadCount: 2, KernelCasesTests.cases).isEmpty)
    }
  }
}
