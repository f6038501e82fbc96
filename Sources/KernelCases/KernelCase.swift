import Runtime

/// One operation at one shape, with its inputs and what it must compute from them. A case is cheap until `make`.
public struct KernelCase: Sendable {
  /// The operation and how to compute what it writes.
  typealias Body = (operation: any Operation, reference: () -> [TensorValues])

  /// The operation's name: `Convolution`.
  public let name: String
  public let pass: Pass
  /// Shape and variant: `3×5×7×17 → 33, 3×3 stride 1 padding 1, bias`. Unique among the cases of one name and pass.
  public let label: String
  /// Largest error allowed, relative to the largest reference value of the tensor; 0 where results are exact.
  public let tolerance: Double
  private let build: @Sendable (inout CaseTensors) -> Body

  init(
    _ name: String, _ pass: Pass, _ label: String, tolerance: Double = KernelCase.defaultTolerance,
    build: @escaping @Sendable (inout CaseTensors) -> Body
  ) {
    self.name = name
    self.pass = pass
    self.label = label
    self.tolerance = tolerance
    self.build = build
  }

  /// The parts that are there, one after the other.
  static func label(_ parts: String?...) -> String { parts.compactMap { $0 }.joined(separator: ", ") }

  /// What float32 arithmetic is held to.
  public static let defaultTolerance = 1e-5

  /// Makes the tensors, the operation, and the inputs.
  public func make() -> CaseInstance {
    var tensors = CaseTensors(seed: description)
    let body = build(&tensors)
    let variableSetters = tensors.variableSetters
    return CaseInstance(
      operation: body.operation, inputs: tensors.inputs, tolerance: tolerance,
      setVariables: { for setter in variableSetters { setter() } }, reference: body.reference)
  }
}

extension KernelCase: CustomStringConvertible {
  public var description: String { "\(name) \(pass.rawValue) \(label)" }
}
