import KernelCases
import Runtime
import TestSupport
import Testing

@testable import CLKernels

/// Winograd's algorithm with parameters for which the cases of `recolor check` are too small: several passes, several
/// parts, and weights and inputs transformed by a kernel of its own or by each work-item.
@Suite("Winograd's parameters", .needsOpenCL)
struct WinogradTests {
  /// Those at 3 × 3 whose maps have several tiles, with few and with many channels.
  static let cases = KernelCases.all(.awkward).filter { kernelCase in
    switch kernelCase.name {
    case ConvolutionForward.name:
      ["3×9×7×16 → 17", "3×5×3×17 → 16", "2×6×7×64 → 33", "2×6×7×33 → 64", "1×13×17×3 → 17"].contains { shape in
        kernelCase.label.hasPrefix(shape + ", 3×3 stride 1 padding 1")
      }
    case TransposedConvolutionForward.name:
      ["2×8×7×64 → 80", "1×13×16×16 → 17", "5×4×4×48 → 32"].contains { shape in
        kernelCase.label.hasPrefix(shape + ", 3×3 stride 2 padding 1")
      }
    default: false
    }
  }

  /// The algorithms with parameters that no shape gets by default.
  private static func algorithms(for problem: ConvolutionProblem, on backend: CLBackend) -> [AnyAlgorithm] {
    var all: [any ConvolutionAlgorithm] = []
    if problem.target == .weights {
      if let standard = WinogradFilter(for: problem) {
        for (passTiles, splits) in [(5, 1), (4, 3)] {
          all += standard.varying(\.passTiles, [passTiles]).flatMap { $0.varying(\.splits, [splits]) }
        }
      }
      if let standard = WinogradVectorFilter(for: problem, .float32, on: backend) {
        all += standard.varying(\.blockTiles, [2]).flatMap { $0.varying(\.splits, [3]) }
      }
    } else {
      if let standard = WinogradData(for: problem) { all += standard.varying(\.passTiles, [5]) }
      if let standard = WinogradVectorData(for: problem, .float32, on: backend) {
        let other = standard.varying(\.weightsFirst, [!standard.weightsFirst])
        all += other + other.flatMap { $0.varying(\.blockChannels, [$0.blockChannels == 32 ? 64 : 32]) }
        let both = [standard] + other
        all += both.flatMap { $0.varying(\.inputFirst, [!standard.inputFirst]) }
      }
    }
    return all.map { AnyAlgorithm($0) }
  }

  @Test("There are cases of every pass")
  func casesExist() {
    #expect(Set(Self.cases.map(\.pass)) == [.forward, .backwardData, .backwardFilter])
  }

  @Test("Passes, parts and blocks do not change the result", arguments: cases)
  func parameters(_ kernelCase: KernelCase) throws {
    let device = try TestBackends.openCLDevice()
    let operation = try #require(kernelCase.make().operation as? any ConvolutionOperation)
    let algorithms = Self.algorithms(for: operation.problem, on: try CLBackend(device: device))
    // The GPU bodies compute stride 1 alone.
    let forGPU = operation.problem.geometry.stride == 1 ? (operation.problem.target == .weights ? 2 : 1) : 0
    #expect(Set(algorithms).count == forGPU + (operation.problem.target == .weights ? 1 : 4))
    for algorithm in algorithms {
      var choice = AlgorithmChoice()
      choice.tuned[ConvolutionKey(operation.problem)] = algorithm
      let backend = try CLBackend(device: device, algorithms: choice)
      #expect(backend.algorithm(for: operation.problem).isTuned, "\(algorithm)")
      #expect(try CaseRunner(backend: backend).run(kernelCase).failures.isEmpty, "\(algorithm)")
    }
  }
}
