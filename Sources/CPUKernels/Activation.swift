import CVectorLoops
import Runtime

extension CPUBackend {
  public func prepare(_ operation: ActivationForward) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.input, operation.output)
    let input = try binding.float32(operation.input)
    let output = try binding.float32(operation.output)
    let activation = LoopActivation(operation.activation)
    let blocks = ElementBlocks(
      pixelCount: input.pixelCount, channels: input.channels, isDense: input.isDense && output.isDense)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        let block = blocks[index]
        vector_activation_forward(
          output.pointer(at: block), output.pixelStride, input.pointer(at: block), input.pixelStride, block.rows,
          block.columns, activation.kind, activation.slope)
      }
    }
  }

  public func prepare(_ operation: ActivationBackward) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.output, operation.outputGradient, operation.inputGradient)
    let output = try binding.float32(operation.output)
    let outputGradient = try binding.float32(operation.outputGradient)
    let inputGradient = try binding.float32(operation.inputGradient)
    let activation = LoopActivation(operation.activation)
    let blocks = ElementBlocks(
      pixelCount: output.pixelCount, channels: output.channels,
      isDense: output.isDense && outputGradient.isDense && inputGradient.isDense)
    return binding.launch { [pool] in
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
