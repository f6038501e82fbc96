import KernelCases
import Runtime
import Testing

@Suite("Kernel cases")
struct KernelCasesTests {
  /// The descriptors alone, without a case's own closures, must lead the references to the same results: a case that
  /// binds a tensor to the wrong place, or lists an input too few, fails here.
  @Test("hold together", arguments: [CaseSize.smallest, .awkward, .trainingStep(width: 8, batch: 2)])
  func holdTogether(size: CaseSize) throws {
    let runner = CaseRunner(backend: ReferenceBackend())
    for kernelCase in KernelCases.all(size) {
      let result = try runner.run(kernelCase)
      #expect(result.passed, "\(kernelCase): \(result.failures.map(\.description))")
    }
  }

  @Test("cover every operation and pass", arguments: [CaseSize.smallest, .awkward, .trainingStep(width: 16, batch: 2)])
  func coverage(size: CaseSize) {
    let passes: [String: Set<Pass>] = [
      "Activation": [.forward, .backward], "Adam": [.forward], "BatchGather": [.forward],
      "BatchNormalization": [.forward, .inference, .backward], "BinaryCrossEntropy": [.forward],
      "Concatenation": [.forward, .backward], "Convolution": [.forward, .backwardData, .backwardFilter],
      "ExponentialMovingAverage": [.forward], "Fill": [.forward], "L1Loss": [.forward],
      "MaxPooling": [.forward, .backward], "MeanSquaredError": [.forward],
      "RandomFill": [.forward], "SpectralNormalization": [.forward, .backward],
      "TransposedConvolution": [.forward, .backwardData, .backwardFilter],
      "Upsampling": [.forward, .backward],
    ]
    var found: [String: Set<Pass>] = [:]
    for kernelCase in KernelCases.all(size) { found[kernelCase.name, default: []].insert(kernelCase.pass) }
    #expect(found == passes)
  }

  @Test("are what they say", arguments: [CaseSize.smallest, .awkward])
  func names(size: CaseSize) {
    for kernelCase in KernelCases.all(size) {
      let operation = kernelCase.make().operation
      #expect(type(of: operation).name == kernelCase.name)
      #expect(operation.pass == kernelCase.pass)
    }
  }

  @Test("have the same inputs each time they are made")
  func repeatable() throws {
    for kernelCase in KernelCases.all(.smallest) {
      let values = { kernelCase.make().inputs.map(\.values.values) }
      #expect(values() == values(), "\(kernelCase)")
    }
  }

  /// A fault of the size of the tolerance must not drown in a tensor's other elements.
  @Test("catch a wrong value in every operation and pass")
  func catchWrongValues() throws {
    let runner = CaseRunner(backend: ReferenceBackend(fault: .wrongValue))
    for kernelCase in KernelCases.all(.smallest) where !kernelCase.make().operation.reads.isEmpty {
      #expect(try !runner.run(kernelCase).passed, "\(kernelCase)")
    }
  }

  @Test("catch variables that are read before the launch", arguments: ["Adam", "BatchGather"])
  func catchEarlyVariables(name: String) throws {
    let runner = CaseRunner(backend: ReferenceBackend(fault: .readsVariablesEarly))
    let cases = KernelCases.all(.smallest).filter { $0.name == name }
    #expect(!cases.isEmpty)
    for kernelCase in cases {
      #expect(try !runner.run(kernelCase).passed, "\(kernelCase)")
    }
  }

  /// Equal shapes once: two at each of five levels, four on concatenations, the last 1×1; four transposed; the
  /// discriminator's five.
  @Test("of a training step have the models' shapes")
  func trainingStep() {
    let cases = KernelCases.all(.trainingStep(width: 64, batch: 1))
      .filter { $0.pass == .forward && ["Convolution", "TransposedConvolution"].contains($0.name) }
    #expect(cases.count == 15 + 4 + 5)
    #expect(cases.contains { $0.label.hasPrefix("1×2×2×1024 → 1024, 3×3") })
    #expect(cases.contains { $0.label.hasPrefix("1×2×2×1024 → 512, 3×3 stride 2 padding 1 output padding 1") })
  }
}
