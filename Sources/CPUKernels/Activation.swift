import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: ActivationForward) -> PlannedOperation {
    let activation = vector_activation(operation.activation)
    let blocks = ElementBlocks(operation.input, operation.output)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let input = try binding.float32(operation.input)
      let output = try binding.float32(operation.output)
      return {
        pool.run(count: blocks.count) { index, _ in
          let block = blocks[index]
          vector_activation_forward(output.rows(of: block), input.rows(of: block), block.size, activation)
        }
      }
    }
  }

  public func plan(_ operation: ActivationBackward) -> PlannedOperation {
    let activation = vector_activation(operation.activation)
    let blocks = ElementBlocks(operation.output, operation.outputGradient, operation.inputGradient)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let output = try binding.float32(operation.output)
      let outputGradient = try binding.float32(operation.outputGradient)
      let inputGradient = try binding.float32(operation.inputGradient)
      return {
        pool.run(count: blocks.count) { index, _ in
          let block = blocks[index]
          vector_activation_backward(
            inputGradient.rows(of: block), outputGradient.rows(of: block), output.rows(of: block), block.size,
            activation)
        }
      }
    }
  }
}

extension vector_activation {
  /// An activation, or none.
  init(_ activation: Activation?) {
    switch activation {
    case nil: self.init(kind: vector_activation_none, slope: 1)
    case .leakyReLU(let slope): self.init(kind: vector_activation_leaky_relu, slope: slope)
    case .tanh: self.init(kind: vector_activation_tanh, slope: 1)
    case .sigmoid: self.init(kind: vector_activation_sigmoid, slope: 1)
    }
  }
}
