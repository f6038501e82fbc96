import KernelCases
import Runtime
import Testing

@testable import CLKernels

/// Minimal filtering with sizes that the cases of `recolor check` are too small for: several passes, several parts, and both
/// ways to transform the weights.
@Suite("Winograd's sizes", .enabled(if: TestDevice.isAvailable, TestDevice.skipReason))
struct WinogradTests {
  /// Those at 3 × 3 whose maps have several tiles, with few and with many channels.
  static let cases = KernelCases.all(.awkward).filter { kernelCase in
    guard kernelCase.name == ConvolutionForward.name else { return false }
    return ["3×9×7×16 → 17", "3×5×3×17 → 16", "2×6×7×64 → 33", "2×6×7×33 → 64", "1×13×17×3 → 17"].contains { shape in
      kernelCase.label.hasPrefix(shape + ", 3×3 stride 1 padding 1")
    }
  }

  /// Every method with sizes that are out of the ordinary, by what it is.
  private static func gathers(_ gather: ConvolutionGather) -> [GatherMethod] {
    var methods: [GatherMethod] = []
    if var sizes = WinogradGather(for: gather) {
      sizes.passTiles = 5
      methods.append(.winograd(sizes: sizes))
    }
    if var sizes = WinogradVectorGather(for: gather, cores: 2) {
      sizes.weightsFirst.toggle()
      methods.append(.winogradVector(sizes: sizes))
      sizes.blockChannels = 32
      methods.append(.winogradVector(sizes: sizes))
    }
    return methods
  }

  private static func filters(_ filter: ConvolutionFilter) -> [FilterMethod] {
    var methods: [FilterMethod] = []
    if var sizes = WinogradFilter(for: filter) {
      (sizes.passTiles, sizes.splits) = (5, 1)
      methods.append(.winograd(sizes: sizes))
      (sizes.passTiles, sizes.splits) = (4, 3)
      methods.append(.winograd(sizes: sizes))
    }
    if var sizes = WinogradVectorFilter(for: filter) {
      (sizes.blockTiles, sizes.splits) = (2, 3)
      methods.append(.winogradVector(sizes: sizes))
    }
    return methods
  }

  @Test("There are cases of every pass")
  func casesExist() {
    #expect(Set(Self.cases.map(\.pass)) == [.forward, .backwardData, .backwardFilter])
  }

  @Test("Passes, parts and blocks do not change the result", arguments: cases.indices)
  func sizes(index: Int) throws {
    let kernelCase = Self.cases[index]
    let backend = try CLBackend(device: try TestDevice.device())
    let work = try #require(ConvolutionWork(kernelCase.make().operation))
    let choices: [MethodChoice]
    switch work {
    case .gather(let gather):
      choices = Self.gathers(gather).filter { $0.implementation.isUsable(for: gather, on: backend) }.map { method in
        var choice = MethodChoice()
        choice.gathers[gather.key] = method
        return choice
      }
    case .filter(let filter):
      choices = Self.filters(filter).filter { $0.implementation.isUsable(for: filter, on: backend) }.map { method in
        var choice = MethodChoice()
        choice.filters[filter.key] = method
        return choice
      }
    }
    #expect(choices.count == 3)
    for choice in choices {
      let runner = CaseRunner(backend: try CLBackend(device: backend.device, methods: choice))
      let result = try runner.run(kernelCase)
      #expect(result.failures.isEmpty, "\(kernelCase): \(result.failures)")
    }
  }
}
