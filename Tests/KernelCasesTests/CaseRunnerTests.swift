import Runtime
import Testing

@testable import KernelCases

@Suite("Case runner")
struct CaseRunnerTests {
  /// A convolution with a workspace, and an output between other channels.
  private func instance(output placement: Range<Int> = 2..<5) -> CaseInstance {
    let inputShape = Shape(2, 5, 4, 3)
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    let input = ReferenceTensor(inputShape, (0..<inputShape.count).map { Double($0 % 7) - 3 })
    let weights = ReferenceTensor(Shape(3, 3, 3, 3), (0..<81).map { Double($0 % 5) - 1 })
    let inputTensor = Tensor("input", inputShape)
    let weightsTensor = Tensor("weights", weights.shape)
    let output = Tensor("output", Shape(2, 5, 4, 7)).channels(placement)
    return CaseInstance(
      operation: ConvolutionForward(
        input: inputTensor, weights: weightsTensor, bias: nil, output: output, geometry: geometry),
      inputs: [TensorValues(inputTensor, input), TensorValues(weightsTensor, weights)])
  }

  private func failures(_ fault: Fault?) throws -> [CaseFailure] {
    try CaseRunner(backend: ReferenceBackend(fault: fault)).run(instance()).failures
  }

  @Test("Passes correct results")
  func correct() throws {
    let result = try CaseRunner(backend: ReferenceBackend()).run(instance())
    #expect(result.failures.isEmpty)
    #expect(result.passed)
    // The sums of whole numbers are exact.
    #expect(result.error == 0)
    #expect(result.outputs.map(\.tensor) == ["output"])
  }

  @Test("Passes rounding errors and reports them")
  func rounding() throws {
    let result = try CaseRunner(backend: ReferenceBackend(fault: .rounding)).run(instance())
    #expect(result.passed)
    #expect(result.error > 0 && result.error < 2e-6)
  }

  @Test("Names the wrong element and both values")
  func wrongValue() throws {
    let failures = try failures(.wrongValue)
    #expect(failures.count == 1)
    guard case .wrongValue("output", let element, let found, let expected) = try #require(failures.first) else {
      Issue.record("\(failures)")
      return
    }
    #expect(element == CaseFailure.Element(n: 1, y: 4, x: 3, c: 2))
    #expect(abs(found - expected - 1e-3) < 1e-5)
  }

  @Test("Finds elements that were not written, or are infinite", arguments: [Fault.outputNotWritten, .infinity])
  func notFinite(fault: Fault) throws {
    let result = try CaseRunner(backend: ReferenceBackend(fault: fault)).run(instance())
    #expect(result.error == .infinity)
    guard case .notFinite("output", let element, _) = try #require(result.failures.first) else {
      Issue.record("\(result.failures)")
      return
    }
    #expect(element == CaseFailure.Element(n: 1, y: 4, x: 3, c: 2))
  }

  @Test("Finds stores beside the slice")
  func storeIntoNextChannel() throws {
    #expect(try failures(.storeIntoNextChannel) == [.changedOutside(storage: "output", index: 39 * 7 + 5)])
  }

  @Test("Finds changed inputs")
  func changesInput() throws {
    let last = 2 * 5 * 4 * 3 - 1
    #expect(try failures(.changesInput) == [.changedOutside(storage: "input", index: last)])
  }

  @Test("Finds bytes written next to a storage and to the workspace")
  func outOfBounds() throws {
    #expect(try failures(.byteBefore) == [.outOfBounds(storage: "output", byte: -5)])
    #expect(try failures(.byteAfter) == [.outOfBounds(storage: "output", byte: 2)])
    #expect(try failures(.byteAfterWorkspace) == [.outOfBounds(storage: "workspace", byte: 0)])
  }

  @Test("Finds other bits in a second run")
  func differsEachRun() throws {
    #expect(try failures(.differsEachRun) == [.notRepeatable(storage: "output", index: 39 * 7 + 4)])
  }

  @Test("Poisons the workspace")
  func readsWorkspace() throws {
    guard case .notFinite("output", _, _) = try #require(try failures(.readsWorkspace).first) else {
      Issue.record("a result that depends on the workspace's old contents passed")
      return
    }
  }

  @Test("Refuses a case whose references do not cover all outputs")
  func notChecked() throws {
    let complete = instance()
    let incomplete = CaseInstance(operation: complete.operation, inputs: complete.inputs, expected: [])
    let failures = try CaseRunner(backend: ReferenceBackend()).run(incomplete).failures
    #expect(failures.contains(.notChecked(storage: "output")))
  }

  @Test("Refuses a reference with a NaN")
  func referenceNotANumber() throws {
    let right = instance()
    let expected = right.expected.map { output in
      var values = output.values
      values[7] = .nan
      return TensorValues(output.tensor, values)
    }
    let wrong = CaseInstance(operation: right.operation, inputs: right.inputs, expected: expected)
    #expect(try !CaseRunner(backend: ReferenceBackend()).run(wrong).passed)
  }

  @Test("Every failure is described on one line that names the storage", arguments: Fault.allCases)
  func description(of fault: Fault) throws {
    // Both pass in a convolution.
    guard fault != .rounding && fault != .readsVariablesEarly else { return }
    let failures = try failures(fault)
    #expect(!failures.isEmpty)
    for failure in failures {
      #expect(["output", "input", "workspace"].contains { failure.description.contains($0) })
      #expect(!failure.description.contains("\n"))
    }
  }
}
