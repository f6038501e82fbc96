import Runtime

extension CLBackend {
  public func prepare(_ operation: ActivationForward) throws(BackendError) -> any Launch {
    let tensors = [operation.input, operation.output]
    try requireSameShape(tensors, for: ActivationForward.name)
    let extents = ElementwiseExtents(tensors)
    let launch = CLLaunch(ActivationForward.name, on: self)
    try launch.add(
      "activation_forward", in: "activation.cl", definitions: ["ACTIVATION": operation.activation.constant],
      arguments: tensors.map { .tensor($0) } + [
        .ulong(extents.channels), .ulong(extents.pixels), .float(operation.activation.slope),
      ],
      over: rows(channels: extents.channels, pixels: extents.pixels))
    return launch
  }

  public func prepare(_ operation: ActivationBackward) throws(BackendError) -> any Launch {
    let tensors = [operation.output, operation.outputGradient, operation.inputGradient]
    try requireSameShape(tensors, for: ActivationBackward.name)
    let extents = ElementwiseExtents(tensors)
    let launch = CLLaunch(ActivationBackward.name, on: self)
    try launch.add(
      "activation_backward", in: "activation.cl", definitions: ["ACTIVATION": operation.activation.constant],
      arguments: tensors.map { .tensor($0) } + [
        .ulong(extents.channels), .ulong(extents.pixels), .float(operation.activation.slope),
      ],
      over: rows(channels: extents.channels, pixels: extents.pixels))
    return launch
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
