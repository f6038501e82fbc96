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
      let size = vector_size(rows: output.width, columns: output.channels)
      return {
        rows.run(on: pool) { image, y in
          vector_max_pooling_forward(
            output.pixels(image, y), vector_places(indices, image, y), input.image(image, from: y * window), size,
            window)
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
          let windowRows = inputGradient.image(image, from: y * window)
          vector_max_pooling_backward(
            windowRows, accumulate ? windowRows : vector_pixels(), outputGradient.pixels(image, y),
            vector_places(indices, image, y), vector_size(rows: width, columns: channels), window)
          if accumulate { return }
          // Columns and rows that are in no window.
          let covered = width * window
          for inner in y * window..<(y + 1) * window {
            vector_fill(
              inputGradient.pixels(from: (image * inputGradient.height + inner) * inputGradient.width + covered),
              vector_size(rows: inputGradient.width - covered, columns: channels), 0)
          }
          if y == height - 1 {
            let left = (inputGradient.height - height * window) * inputGradient.width
            vector_fill(
              inputGradient.pixels(image, height * window), vector_size(rows: left, columns: channels), 0)
          }
        }
      }
    }
  }
}

extension vector_places {
  /// Row `y` of `image`, if there are places at all.
  @inline(__always)
  init(_ tensor: HostTensor<UInt8>?, _ image: Int, _ y: Int) {
    self.init(start: tensor?.row(image, y), stride: tensor?.pixelStride ?? 0)
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
