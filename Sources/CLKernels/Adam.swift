import Glibc
import Runtime

extension CLBackend {
  public func plan(_ operation: Adam) -> PlannedOperation {
    let tensors = [operation.parameters, operation.gradients, operation.firstMoment, operation.secondMoment]
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
    let count = operation.parameters.shape.count
    let width = vectorWidth(channels: nil)
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "adam", in: "adam.cl", definitions: ["VECTOR": width],
        arguments: tensors.map { .tensor($0) } + [.ulong(count), .ulong(1)] + arguments,
        over: rows(channels: ceilDivide(count, width), pixels: 1))
    }
  }
}
