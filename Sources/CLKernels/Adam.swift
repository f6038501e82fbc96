import Glibc
import Runtime

extension CLBackend {
  public func prepare(_ operation: Adam) throws(BackendError) -> any Launch {
    let tensors = [operation.parameters, operation.gradients, operation.firstMoment, operation.secondMoment]
    for tensor in tensors { try requireVector(tensor, count: operation.parameters.shape.count, for: operation.title) }
    let (learningRate, step) = (operation.learningRate, operation.step)
    let (beta1, beta2) = (operation.beta1, operation.beta2)
    let stepSize = { () -> Float in
      let correction = 1 - pow(beta1, Double(step.value))
      return Float(Double(learningRate.value) / correction)
    }
    let secondCorrection = { () -> Float in
      let correction = 1 - pow(beta2, Double(step.value))
      return Float(correction.squareRoot())
    }
    let arguments: [KernelArgument] = [
      .float(Float(beta1)), .float(Float(1 - beta1)), .float(Float(beta2)), .float(Float(1 - beta2)),
      .float(operation.epsilon), .variableFloat(stepSize), .variableFloat(secondCorrection),
    ]
    try requireSameShape(tensors, for: operation.title)
    let count = operation.parameters.shape.count
    let width = vectorWidth(channels: nil)
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "adam", in: "adam.cl", definitions: ["VECTOR": width],
      arguments: tensors.map { .tensor($0) } + [.ulong(count), .ulong(1)] + arguments,
      over: rows(channels: ceilDivide(count, width), pixels: 1))
    return launch
  }
}
