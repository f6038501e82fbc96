import Runtime
import Testing

@testable import KernelCases

@Suite("The case runner")
struct CaseRunnerTests {
  /// A convolution with a workspace, and an output between other channels.
  private func instance(output placement: Range<Int> = 2..<5) -> CaseInstance {
    let inputShape = Shape(2, 5, 4, 3)
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    let input = HostTensor(inputShape, (0..<inputShape.count).map { Double($0 % 7) - 3 })
    let weights = HostTensor(Shape(3, 3, 3, 3), (0..<81).map { Double($0 % 5) - 1 })
    let inputTensor = Tensor("input", inputShape)
    let weightsTensor = Tensor("weights", weights.shape)
    let output = Tensor("output", Shape(2, 5, 4, 7)).channels(placement)
    return CaseInstance(
      operation: ConvolutionForward(
        input: inputTensor, weights: weightsTensor, bias: nil, output: output, geometry: geometry),
      inputs: [TensorValues(inputTensor, input), TensorValues(weightsTensor, weights)], tolerance: 1e-5,
      reference: {
        [
          TensorValues(
            output, Reference.convolutionForward(input: input, weights: weights, bias: nil, geometry))
        ]
      })
  }

  private func failures(_ fault: Fault?) throws -> [CaseFailure] {
    try CaseRunner(backend: ReferenceBackend(fault: fault)).run(instance()).failures
  }

  @Test("passes what is right")
  func right() throws {
    let result = try CaseRunner(backend: ReferenceBackend()).run(instance())
    #expect(result.failures.isEmpty)
    #expect(result.passed)
    #expect(result.error == 0)
    #expect(result.outputs.map(\.tensor) == ["output"])
  }

  @Test("passes rounding and reports it")
  func rounding() throws {
    let result = try CaseRunner(backend: ReferenceBackend(fault: .rounding)).run(instance())
    #expect(result.passed)
    #expect(result.error > 0 && result.error < 2e-6)
  }

  @Test("names the wrong element and both values")
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

  @Test("finds elements that were not written, or are infinite", arguments: [Fault.outputNotWritten, .infinity])
  func notFinite(fault: Fault) throws {
    let result = try CaseRunner(backend: ReferenceBackend(fault: fault)).run(instance())
    #expect(result.error == .infinity)
    guard case .notFinite("output", let element, _) = try #require(result.failures.first) else {
      Issue.record("\(result.failures)")
      return
    }
    #expect(element == CaseFailure.Element(n: 1, y: 4, x: 3, c: 2))
  }

  @Test("finds stores beside the slice")
  func storeIntoNextChannel() throws {
    #expect(try failures(.storeIntoNextChannel) == [.changedOutside(storage: "output", index: 39 * 7 + 5)])
  }

  @Test("finds changed inputs")
  func changesInput() throws {
    let last = 2 * 5 * 4 * 3 - 1
    #expect(try failures(.changesInput) == [.changedOutside(storage: "input", index: last)])
  }

  @Test("finds bytes written next to a storage and to the workspace")
  func outOfBounds() throws {
    #expect(try failures(.byteBefore) == [.outOfBounds(storage: "output", byte: -5)])
    #expect(try failures(.byteAfter) == [.outOfBounds(storage: "output", byte: 2)])
    #expect(try failures(.byteAfterWorkspace) == [.outOfBounds(storage: "workspace", byte: 0)])
  }

  @Test("finds other bits in a second run")
  func differsEachRun() throws {
    #expect(try failures(.differsEachRun) == [.notRepeatable(storage: "output", index: 39 * 7 + 4)])
  }

  @Test("poisons the workspace")
  func readsWorkspace() throws {
    guard case .notFinite("output", _, _) = try #require(try failures(.readsWorkspace).first) else {
      Issue.record("a sum with the workspace's old contents passed")
      return
    }
  }

  @Test("refuses a case that checks less than the operation writes")
  func notChecked() throws {
    let right = instance()
    let less = CaseInstance(
      operation: right.operation, inputs: right.inputs, tolerance: right.tolerance, reference: { [] })
    let failures = try CaseRunner(backend: ReferenceBackend()).run(less).failures
    #expect(failures.contains(.notChecked(storage: "output")))
  }

  @Test("refuses a reference that is not a number")
  func referenceNotANumber() throws {
    let right = instance()
    let wrong = CaseInstance(
      operation: right.operation, inputs: right.inputs, tolerance: right.tolerance,
      reference: {
        right.expected().map { output in
          var values = output.values
          values[7] = .nan
          return TensorValues(output.tensor, values)
        }
      })
    #expect(try !CaseRunner(backend: ReferenceBackend()).run(wrong).passed)
  }

  @Test("every failure says what, where and by how much on one line")
  func descriptions() throws {
    for fault in Fault.allCases where fault != .rounding && fault != .readsVariablesEarly {
      let failures = try failures(fault)
      #expect(!failures.isEmpty, "\(fault)")
      for failure in failures {
        #expect(
          failure.description.contains("output") || failure.description.contains("input")
            || failure.description.contains("workspace"))
        #expect(!failure.description.contains("\n"))
      }
    }
  }
}
