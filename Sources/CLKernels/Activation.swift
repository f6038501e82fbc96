import Runtime

extension CLBackend {
  public func plan(_ operation: ActivationForward) -> PlannedOperation {
    planElementwise(
      "activation_forward", in: "activation.cl", definitions: ["ACTIVATION": operation.activation.constant],
      of: [operation.input, operation.output], arguments: [.float(operation.activation.slope)], for: operation.title)
  }

  public func plan(_ operation: ActivationBackward) -> PlannedOperation {
    planElementwise(
      "activation_backward", in: "activation.cl", definitions: ["ACTIVATION": operation.activation.constant],
      of: [operation.output, operation.outputGradient, operation.inputGradient],
      arguments: [.float(operation.activation.slope)], for: operation.title)
  }
}

extension Activation? {
  /// The value of `ACTIVATION` in activation.h.
  var constant: String {
    switch self {
    case nil: "ACTIVATION_NONE"
    case .leakyReLU: "ACTIVATION_LEAKY_RELU"
    case .tanh: "ACTIVATION_TANH"
    case .sigmoid: "ACTIVATION_SIGMOID"
    }
  }

  /// Leaky ReLU's factor of negative inputs; unused by the others.
  var slope: Float {
    if case .leakyReLU(let slope) = self { slope } else { 0 }
  }
}

extension Activation {
  var constant: String { Optional(self).constant }
  var slope: Float { Optional(self).slope }
}
