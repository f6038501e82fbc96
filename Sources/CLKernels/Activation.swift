import Runtime

extension CLBackend {
  public func prepare(_ operation: ActivationForward) throws(BackendError) -> any Launch {
    try elementwise(
      "activation_forward", in: "activation.cl", definitions: ["ACTIVATION": operation.activation.constant],
      of: [operation.input, operation.output], arguments: [.float(operation.activation.slope)],
      for: operation.title)
  }

  public func prepare(_ operation: ActivationBackward) throws(BackendError) -> any Launch {
    try elementwise(
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

  /// What leaky ReLU multiplies negative inputs by; unused by the others.
  var slope: Float {
    if case .leakyReLU(let slope) = self { slope } else { 0 }
  }
}

extension Activation {
  var constant: String { Optional(self).constant }
  var slope: Float { Optional(self).slope }
}
