import CVectorLoops
import Glibc
import Runtime

extension CPUBackend {
  public func plan(_ operation: Adam) -> PlannedOperation {
    let blocks = Blocks(unitCount: operation.parameters.shape.count, elementsPerUnit: 1)
    let (beta1, beta2) = (operation.beta1, operation.beta2)
    let (learningRate, step, epsilon) = (operation.learningRate, operation.step, operation.epsilon)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let parameters = try binding.vector(operation.parameters)
      let gradients = try binding.vector(operation.gradients)
      let firstMoment = try binding.vector(operation.firstMoment)
      let secondMoment = try binding.vector(operation.secondMoment)
      return {
        let time = Double(step.value)
        let constants = vector_adam_constants(
          beta1: Float(beta1), one_minus_beta1: Float(1 - beta1), beta2: Float(beta2),
          one_minus_beta2: Float(1 - beta2), rate: Float(Double(learningRate.value) / (1 - pow(beta1, time))),
          root_factor: Float(1 / (1 - pow(beta2, time)).squareRoot()), epsilon: epsilon)
        pool.run(count: blocks.count) { index, _ in
          let range = blocks[index]
          let first = range.lowerBound
          vector_adam(
            parameters + first, gradients + first, firstMoment + first, secondMoment + first, range.count, constants)
        }
      }
    }
  }
}
