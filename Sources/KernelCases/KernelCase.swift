import Runtime

/// The shapes of cases.
public enum CaseSize: Hashable, Sendable {
  /// Every operation, pass and variant at a few pixels, for tools that run a kernel a thousand times slower.
  case smallest
  /// Shapes that fit no tile: odd sides, 1, 3 and 17 channels, slices, single pixels.
  case awkward
  /// The shapes of a training step at 32×32, of the U-Net and of the discriminator, whose first levels have `width`
  /// channels.
  case trainingStep(width: Int, batch: Int)
}

/// Every case of every operation, read by the tests and by `recolor check`.
public enum KernelCases {
  /// The cases of one size, operation by operation.
  public static func all(_ size: CaseSize) -> [KernelCase] {
    let cases =
      activation(size) + convolution(size) + transposedConvolution(size) + batchNormalization(size)
      + batchNormalizationHalves(size) + momentsJoin(size) + maxPooling(size) + upsampling(size) + concatenation(size)
      + pixelwiseLoss(size) + binaryCrossEntropy(size)
      + adam(size) + exponentialMovingAverage(size) + spectralNormalization(size) + batchGather(size)
      + colorWeights(size) + fill(size) + randomFill(size) + scaledSum(size)
    // Variants that differ in a property that only another pass has give the same case twice.
    var seen = Set<String>()
    return cases.filter { seen.insert($0.description).inserted }
  }
}

/// One operation at one shape, with its inputs. A case is cheap until `make`.
public struct KernelCase: Sendable {
  /// The operation's name: `Convolution`.
  public let name: String
  public let pass: Pass
  /// Shape and variant: `3×5×7×17 → 33, 3×3 stride 1 padding 1, bias`. Unique among the cases of one name and pass.
  public let label: String
  /// The largest error allowed, relative to the largest reference value of the tensor; 0 where results are exact.
  public let tolerance: Double
  private let build: @Sendable (inout CaseTensors) -> any ReferencedOperation

  init(
    _ name: String, _ pass: Pass, _ label: String, tolerance: Double = KernelCase.defaultTolerance,
    build: @escaping @Sendable (inout CaseTensors) -> any ReferencedOperation
  ) {
    self.name = name
    self.pass = pass
    self.label = label
    self.tolerance = tolerance
    self.build = build
  }

  /// Joins the parts that are not nil.
  static func label(_ parts: String?...) -> String { parts.compactMap { $0 }.joined(separator: ", ") }

  /// The tolerance of float32 arithmetic.
  public static let defaultTolerance = 1e-5

  /// Makes the tensors, the operation, and the inputs.
  public func make() -> CaseInstance {
    var tensors = CaseTensors(seed: description)
    let operation = build(&tensors)
    return CaseInstance(
      operation: operation, inputs: tensors.inputs, tolerance: tolerance, variableSetters: tensors.variableSetters)
  }
}

extension KernelCase: CustomStringConvertible {
  public var description: String { "\(name) \(pass.rawValue) \(label)" }
}

/// A case with its tensors, which have no memory yet.
public final class CaseInstance {
  public let operation: any Operation
  /// Contents before the operation; other elements are poisoned.
  public let inputs: [TensorValues]
  /// The largest error allowed, relative to the largest reference value of the tensor.
  public let tolerance: Double
  private let variableSetters: [(_ isLaunch: Bool) -> Void]
  private let reference: () -> [TensorValues]

  /// The contents of the tensors that the operation writes, after it. Computing them is slow.
  public private(set) lazy var expected: [TensorValues] = {
    setVariables(isLaunch: true)
    return reference()
  }()

  /// A case whose expected values are those of the operation's reference.
  public init(
    operation: any ReferencedOperation, inputs: [TensorValues], tolerance: Double = KernelCase.defaultTolerance,
    variableSetters: [(_ isLaunch: Bool) -> Void] = []
  ) {
    self.operation = operation
    self.inputs = inputs
    self.tolerance = tolerance
    self.variableSetters = variableSetters
    reference = {
      var memory = ReferenceMemory(inputs)
      operation.evaluate(in: &memory)
      return operation.comparedTensors.map { TensorValues($0, memory[$0]) }
    }
  }

  /// A case whose expected values come from elsewhere.
  public init(
    operation: any Operation, inputs: [TensorValues], expected: [TensorValues],
    tolerance: Double = KernelCase.defaultTolerance
  ) {
    self.operation = operation
    self.inputs = inputs
    self.tolerance = tolerance
    variableSetters = []
    reference = { expected }
  }

  /// Sets the operation's variables, such as the learning rate: for a launch to the values that the reference uses, for
  /// planning to others, which exposes a backend that reads them too early.
  public func setVariables(isLaunch: Bool) {
    for setter in variableSetters { setter(isLaunch) }
  }

  /// The storages behind the operation's tensors, each once.
  public var storages: [TensorStorage] {
    var seen = Set<ObjectIdentifier>()
    return (operation.reads + operation.writes).map(\.storage).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
