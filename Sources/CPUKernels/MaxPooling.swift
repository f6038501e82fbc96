import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: MaxPoolingForward) -> PlannedOperation {
    let window = operation.window
    let rows = PooledRows(operation.output.shape, window: window)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let input = try binding.float32(operation.input)
      let output = try binding.float32(operation.output)
      let indices = try binding.uint8(operation.indices)
      return {
        rows.run(on: pool) { image, y in
          vector_max_pooling_forward(
            output.row(image, y), output.pixelStride, indices?.row(image, y), indices?.pixelStride ?? 0,
            input.row(image, y * window), input.pixelStride, input.rowStride, output.width, output.channels, window)
        }
      }
    }
  }

  public func plan(_ operation: MaxPoolingBackward) -> PlannedOperation {
    let (window, accumulate) = (operation.window, operation.accumulate)
    let rows = PooledRows(operation.outputGradient.shape, window: window)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let outputGradient = try binding.float32(operation.outputGradient)
      let indices = try binding.uint8(operation.indices)
      let inputGradient = try binding.float32(operation.inputGradient)
      let (height, width, channels) = (outputGradient.height, outputGradient.width, outputGradient.channels)
      return {
        rows.run(on: pool) { image, y in
          vector_max_pooling_backward(
            inputGradient.row(image, y * window), inputGradient.pixelStride, inputGradient.rowStride,
            accumulate ? inputGradient.row(image, y * window) : nil, inputGradient.pixelStride,
            inputGradient.rowStride, outputGradient.row(image, y), outputGradient.pixelStride, indices.row(image, y),
            indices.pixelStride, width, channels, window)
          if accumulate { return }
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
}

/// The rows of a pooled map, in blocks.
private struct PooledRows {
  private let blocks: Blocks
  private let height: Int

  init(_ shape: Shape, window: Int) {
    height = shape.height
    blocks = Blocks(
      unitCount: shape.batch * shape.height, elementsPerUnit: window * window * shape.width * shape.channels)
  }

  @inline(__always)
  func run(on pool: ThreadPool, _ body: (_ image: Int, _ y: Int) -> Void) {
    pool.run(count: blocks.count) { index, _ in
      for row in blocks[index] {
        let (image, y) = row.quotientAndRemainder(dividingBy: height)
        body(image, y)
      }
    }
  }
}
