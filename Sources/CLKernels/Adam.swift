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
    return try elementwise("adam", in: "adam.cl", of: tensors, arguments: arguments, for: operation.title)
  }
}
