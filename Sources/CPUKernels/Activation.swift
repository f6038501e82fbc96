import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: ActivationForward) -> PlannedOperation {
    let activation = LoopActivation(operation.activation)
    let blocks = ElementBlocks(operation.input, operation.output)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let input = try binding.float32(operation.input)
      let output = try binding.float32(operation.output)
      return {
        pool.run(count: blocks.count) { index, _ in
          let block = blocks[index]
          vector_activation_forward(
            output.pointer(at: block), output.pixelStride, input.pointer(at: block), input.pixelStride, block.rows,
            block.columns, activation.kind, activation.slope)
        }
      }
    }
  }

  public func plan(_ operation: ActivationBackward) -> PlannedOperation {
    let activation = LoopActivation(operation.activation)
    let blocks = ElementBlocks(operation.output, operation.outputGradient, operation.inputGradient)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let output = try binding.float32(operation.output)
      let outputGradient = try binding.float32(operation.outputGradient)
      let inputGradient = try binding.float32(operation.inputGradient)
      return {
        pool.run(count: blocks.count) { index, _ in
          let block = blocks[index]
          vector_activation_backward(
            inputGradient.pointer(at: block), inputGradient.pixelStride, outputGradient.pointer(at: block),
            outputGradient.pixelStride, output.pointer(at: block), output.pixelStride, block.rows, block.columns,
            activation.kind, activation.slope)
        }
      }
    }
  }
}

/// An activation, or none, as the loops take it.
struct LoopActivation {
  let kind: vector_activation
  let slope: Float

  init(_ activation: Activation?) {
    switch activation {
    case nil: (kind, slope) = (vector_activation_none, 1)
    case .leakyReLU(let slope): (kind, self.slope) = (vector_activation_leaky_relu, slope)
    case .tanh: (kind, slope) = (vector_activation_tanh, 1)
    case .sigmoid: (kind, slope) = (vector_activation_sigmoid, 1)
    }
  }
}
