import KernelCases
import Runtime
import Testing

/// The vectors of one operation, and how its passes are made from a case. Each operation's is in the file of its name.
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

  /// Every operation that PyTorch has too.
  public static let all: [VectorSuite] = [
    activation, adam, batchGather, batchNormalization, binaryCrossEntropy, concatenation, convolution, l1Loss,
    maxPooling, meanSquaredError, spectralNormalization, transposedConvolution, upsampling,
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
  public var testDescription: String { name }
}
