import CVectorLoops
import Runtime

extension CPUBackend {
  public func prepare(_ operation: UpsamplingForward) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let factor = operation.factor
    try requireFactor(factor, smaller: operation.input, larger: operation.output, binding)
    let input = try binding.float32(operation.input)
    let output = try binding.float32(operation.output)
    switch operation.mode {
    case .nearest: return nearest(input, output, factor: factor, binding)
    case .bilinear: return bilinear(input, output, factor: factor, binding)
    }
  }

  public func prepare(_ operation: UpsamplingBackward) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let factor = operation.factor
    try requireFactor(factor, smaller: operation.inputGradient, larger: operation.outputGradient, binding)
    let outputGradient = try binding.float32(operation.outputGradient)
    let inputGradient = try binding.float32(operation.inputGradient)
    let rows = UpsamplingTaps(inputCount: inputGradient.height, factor: factor, mode: operation.mode)
    let columns = UpsamplingTaps(inputCount: inputGradient.width, factor: factor, mode: operation.mode)
    let blocks = Blocks(
      unitCount: inputGradient.batch * inputGradient.height,
      elementsPerUnit: factor * factor * inputGradient.width * inputGradient.channels)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        for row in blocks[index] {
          let (image, y) = row.quotientAndRemainder(dividingBy: inputGradient.height)
          vector_upsampling_backward(
            inputGradient.row(image, y), inputGradient.pixelStride, outputGradient.row(image, Int(rows.first[y])),
            outputGradient.pixelStride, outputGradient.rowStride, rows.weights + y * rows.taps, rows.taps,
            columns.first, columns.weights, columns.taps, inputGradient.width, inputGradient.channels)
        }
      }
    }
  }

  private func nearest(_ input: HostTensor<Float>, _ output: HostTensor<Float>, factor: Int, _ binding: Binding)
    -> any Launch
  {
    let blocks = Blocks(
      unitCount: input.batch * input.height, elementsPerUnit: factor * factor * input.width * input.channels)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        for row in blocks[index] {
          let (image, y) = row.quotientAndRemainder(dividingBy: input.height)
          for repetition in 0..<factor {
            vector_upsampling_nearest_forward(
              output.row(image, y * factor + repetition), output.pixelStride, input.row(image, y), input.pixelStride,
              input.width, factor, input.channels)
          }
        }
      }
    }
  }

  private func bilinear(_ input: HostTensor<Float>, _ output: HostTensor<Float>, factor: Int, _ binding: Binding)
    -> any Launch
  {
    let rows = BilinearNeighbours(inputCount: input.height, factor: factor)
    let columns = BilinearNeighbours(inputCount: input.width, factor: factor)
    let blocks = Blocks(unitCount: output.batch * output.height, elementsPerUnit: output.width * output.channels)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        for row in blocks[index] {
          let (image, y) = row.quotientAndRemainder(dividingBy: output.height)
          vector_upsampling_bilinear_forward(
            output.row(image, y), output.pixelStride, input.row(image, Int(rows.indices[2 * y])),
            input.row(image, Int(rows.indices[2 * y + 1])), rows.weights[2 * y], rows.weights[2 * y + 1],
            input.pixelStride, columns.indices, columns.weights, output.width, output.channels)
        }
      }
    }
  }

  private func requireFactor(_ factor: Int, smaller: Tensor, larger: Tensor, _ binding: Binding) throws(BackendError) {
    try binding.require(factor >= 1, "the factor is \(factor); it must be 1 or more")
    let shape = smaller.shape
    let expected = Shape(shape.batch, shape.height * factor, shape.width * factor, shape.channels)
    try binding.require(
      larger.shape == expected,
      "\(larger.storage.name) is \(larger.shape), not \(expected), for \(shape) and factor \(factor)")
  }
}
