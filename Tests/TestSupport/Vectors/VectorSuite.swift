import KernelCases
import Runtime
import Testing

/// The vectors of one operation, and how its passes are made from a case.
public struct VectorSuite: Sendable {
  /// The operation's name: `Convolution`.
  public let name: String
  private let file: String
  private let passes: @Sendable (VectorCase) throws -> [CaseInstance]

  init(
    _ operation: (some Operation).Type, file: String, passes: @escaping @Sendable (VectorCase) throws -> [CaseInstance]
  ) {
    name = operation.name
    self.file = file
    self.passes = passes
  }

  /// The suites of all operations that PyTorch has.
  public static let all: [VectorSuite] = [
    activation, adam, batchGather, batchNormalization, binaryCrossEntropy, colorWeights, concatenation, convolution,
    maxPooling, pixelwiseLoss, spectralNormalization, transposedConvolution, upsampling, weightedLoss,
  ]

  /// Runs every pass of every case on a device, and records an issue for each that differs from PyTorch.
  public func check(on backend: any Backend, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let runner = CaseRunner(backend: backend)
    for vectors in try VectorFile(file).cases {
      for instance in try passes(vectors) {
        let result = try runner.run(instance)
        #expect(
          result.failures.isEmpty, "\(name) \(instance.operation.pass.rawValue) \(vectors.name): \(result.failures)",
          sourceLocation: sourceLocation)
      }
    }
  }
}

extension VectorSuite: CustomTestStringConvertible {
  public var testDescription: String { file }
}

/// Makes the tensors of one operation from a case of vectors, and keeps their contents before and after it.
struct VectorTensors {
  private let vectors: VectorCase
  private var inputs: [TensorValues] = []
  private var expected: [TensorValues] = []

  init(_ vectors: VectorCase) { self.vectors = vectors }

  /// A tensor that holds the vector of that name.
  mutating func input(_ name: String) throws -> Tensor {
    let (values, elementType) = try vectors.tensor(name)
    let tensor = Tensor(name, values.shape, elementType)
    inputs.append(TensorValues(tensor, values))
    return tensor
  }

  /// A tensor that must hold the vector of that name afterwards.
  mutating func output(_ name: String) throws -> Tensor {
    let (values, elementType) = try vectors.tensor(name)
    let tensor = Tensor(name, values.shape, elementType)
    expected.append(TensorValues(tensor, values))
    return tensor
  }

  /// A tensor that the operation changes from one vector into another.
  mutating func updated(_ old: String, to new: String) throws -> Tensor {
    let tensor = try input(old)
    expected.append(TensorValues(tensor, try vectors.tensor(new).values))
    return tensor
  }

  /// A tensor that the operation adds the vector to. It starts with a value of the vector's own size, so that neither
  /// hides the other.
  mutating func addedTo(_ name: String) throws -> Tensor {
    let (values, elementType) = try vectors.tensor(name)
    let tensor = Tensor(name, values.shape, elementType)
    let old = values.map { Double(Float($0 / 2)) }
    inputs.append(TensorValues(tensor, old))
    expected.append(TensorValues(tensor, old + values))
    return tensor
  }

  func instance(_ operation: any Operation) -> CaseInstance {
    CaseInstance(operation: operation, inputs: inputs, expected: expected)
  }
}
