import CPUKernels
import KernelCases
import Runtime
import Testing

@Suite("CPU backend: convolution")
struct ConvolutionTests {
  @Test("Every case on one thread and on three", arguments: [1, 3])
  func cases(threads: Int) throws {
    let runner = CaseRunner(backend: try CPUBackend(threadCount: threads))
    let cases = (KernelCases.all(.awkward) + KernelCases.all(.smallest)).filter {
      $0.name == ConvolutionForward.name || $0.name == TransposedConvolutionForward.name
    }
    #expect(cases.count > 100)
    for kernelCase in cases {
      let result = try runner.run(kernelCase)
      #expect(result.passed, "\(kernelCase): \(result.failures.prefix(3).map(\.description))")
    }
  }
}
