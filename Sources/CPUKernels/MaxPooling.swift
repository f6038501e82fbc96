import CVectorLoops
import Runtime

extension CPUBackend {
  public func prepare(_ operation: MaxPoolingForward) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let window = operation.window
    try requireWindow(window, larger: operation.input, smaller: operation.output, binding)
    try binding.requireSameShape(operation.output, operation.indices ?? operation.output)
    let input = try binding.float32(operation.input)
    let output = try binding.float32(operation.output)
    let indices = try binding.uint8(optional: operation.indices)
    // A unit is one row of output pixels of one image.
    let blocks = Blocks(
      unitCount: output.batch * output.height, elementsPerUnit: window * window * output.width * output.channels)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        for row in blocks[index] {
          let (image, y) = row.quotientAndRemainder(dividingBy: output.height)
          vector_max_pooling_forward(
            output.row(image, y), output.pixelStride, indices?.row(image, y), indices?.pixelStride ?? 0,
            input.row(image, y * window), input.pixelStride, input.rowStride, output.width, output.channels, window)
        }
      }
    }
  }

  public func prepare(_ operation: MaxPoolingBackward) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let (window, accumulate) = (operation.window, operation.accumulate)
    try requireWindow(window, larger: operation.inputGradient, smaller: operation.outputGradient, binding)
    try binding.requireSameShape(operation.outputGradient, operation.indices)
    let outputGradient = try binding.float32(operation.outputGradient)
    let indices = try binding.uint8(operation.indices)
    let inputGradient = try binding.float32(operation.inputGradient)
    let (height, width, channels) = (outputGradient.height, outputGradient.width, outputGradient.channels)
    let blocks = Blocks(
      unitCount: outputGradient.batch * height, elementsPerUnit: window * window * width * channels)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        for row in blocks[index] {
          let (image, y) = row.quotientAndRemainder(dividingBy: height)
          vector_max_pooling_backward(
            inputGradient.row(image, y * window), inputGradient.pixelStride, inputGradient.rowStride,
            accumulate ? inputGradient.row(image, y * window) : nil, inputGradient.pixelStride,
            inputGradient.rowStride, outputGradient.row(image, y), outputGradient.pixelStride, indices.row(image, y),
            indices.pixelStride, width, channels, window)
          if accumulate { continue }
          // Columns and rows that are in no window.
          let covered = width * window
          for inner in y * window..<(y + 1) * window {
            vector_fill(
              inputGradient.row(image, inner) + covered * inputGradient.pixelStride, inputGradient.pixelStride,
              inputGradient.width - covered, channels, 0)
          }
          if y == height - 1 {
            vector_fill(
              inputGradient.row(image, height * window), inputGradient.pixelStride,
              (inputGradient.height - height * window) * inputGradient.width, channels, 0)
          }
        }
      }
    }
  }

  private func requireWindow(_ window: Int, larger: Tensor, smaller: Tensor, _ binding: Binding) throws(BackendError) {
    // A place in the window is kept in a byte.
    try binding.require(window >= 1 && window <= 16, "the window is \(window); it must be from 1 to 16")
    let expected = Shape(
      larger.shape.batch, larger.shape.height / window, larger.shape.width / window, larger.shape.channels)
    try binding.require(
      smaller.shape == expected,
      "\(smaller.storage.name) is \(smaller.shape), not \(expected), for \(larger.shape) and window \(window)")
  }
}
