import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: UpsamplingForward) -> PlannedOperation {
    operation.mode == .nearest ? planNearest(operation) : planBilinear(operation)
  }

  private func planNearest(_ operation: UpsamplingForward) -> PlannedOperation {
    let (shape, factor) = (operation.input.shape, operation.factor)
    let blocks = Blocks(
      unitCount: shape.batch * shape.height, elementsPerUnit: factor * factor * shape.width * shape.channels)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let input = try binding.float32(operation.input)
      let output = try binding.float32(operation.output)
      return {
        pool.run(count: blocks.count) { index, _ in
          for row in blocks[index] {
            let (image, y) = row.quotientAndRemainder(dividingBy: input.height)
            for repetition in 0..<factor {
              vector_upsampling_nearest_forward(
                output.pixels(image, y * factor + repetition), input.pixels(image, y), factor,
                vector_size(rows: input.width, columns: input.channels))
            }
          }
        }
      }
    }
  }

  private func planBilinear(_ operation: UpsamplingForward) -> PlannedOperation {
    let shape = operation.output.shape
    let rows = BilinearNeighbours(inputCount: operation.input.shape.height, factor: operation.factor)
    let columns = BilinearNeighbours(inputCount: operation.input.shape.width, factor: operation.factor)
    let blocks = Blocks(unitCount: shape.batch * shape.height, elementsPerUnit: shape.width * shape.channels)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let input = try binding.float32(operation.input)
      let output = try binding.float32(operation.output)
      let (rowIndices, rowWeights) = (binding.copy(rows.indices), binding.copy(rows.weights))
      let columnTaps = vector_row_taps(
        places: binding.copy(columns.indices), weights: binding.copy(columns.weights), count: 2)
      let size = vector_size(rows: output.width, columns: output.channels)
      return {
        pool.run(count: blocks.count) { index, _ in
          for row in blocks[index] {
            let (image, y) = row.quotientAndRemainder(dividingBy: output.height)
            vector_upsampling_bilinear_forward(
              output.pixels(image, y), input.pixels(image, Int(rowIndices[2 * y])),
              input.row(image, Int(rowIndices[2 * y + 1])), rowWeights[2 * y], rowWeights[2 * y + 1], columnTaps, size)
          }
        }
      }
    }
  }

  public func plan(_ operation: UpsamplingBackward) -> PlannedOperation {
    let (shape, factor) = (operation.inputGradient.shape, operation.factor)
    let rows = UpsamplingTaps(inputCount: shape.height, factor: factor, mode: operation.mode)
    let columns = UpsamplingTaps(inputCount: shape.width, factor: factor, mode: operation.mode)
    let blocks = Blocks(
      unitCount: shape.batch * shape.height, elementsPerUnit: factor * factor * shape.width * shape.channels)
    let rowTaps = rows.count
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let outputGradient = try binding.float32(operation.outputGradient)
      let inputGradient = try binding.float32(operation.inputGradient)
      let (firstRows, rowWeights) = (binding.copy(rows.first), binding.copy(rows.weights))
      let columnTaps = vector_row_taps(
        places: binding.copy(columns.first), weights: binding.copy(columns.weights), count: columns.count)
      let size = vector_size(rows: inputGradient.width, columns: inputGradient.channels)
      return {
        pool.run(count: blocks.count) { index, _ in
          for row in blocks[index] {
            let (image, y) = row.quotientAndRemainder(dividingBy: inputGradient.height)
            vector_upsampling_backward(
              inputGradient.pixels(image, y), outputGradient.image(image, from: Int(firstRows[y])),
              rowWeights + y * rowTaps, rowTaps, columnTaps, size)
          }
        }
      }
    }
  }
}

/// Along one direction, the two inputs that each output of a bilinear upsampling lies between, and their weights: those
/// of output o at `2 · o` and `2 · o + 1`. Pixel centers are at halves, and edges are clamped.
private struct BilinearNeighbours {
  private(set) var indices: [UInt32] = []
  private(set) var weights: [Float] = []

  init(inputCount: Int, factor: Int) {
    for output in 0..<inputCount * factor {
      let position = max(0, (Double(output) + 0.5) / Double(factor) - 0.5)
      let lower = min(Int(position), inputCount - 1)
      let share = position - Double(lower)
      indices += [UInt32(lower), UInt32(min(lower + 1, inputCount - 1))]
      weights += [Float(1 - share), Float(share)]
    }
  }
}

/// Along one direction, the outputs that each input of an upsampling contributes to: `count` neighbours from `first`
/// on, and the weight of the input in each, 0 for those that it does not contribute to.
private struct UpsamplingTaps {
  let count: Int
  let first: [UInt32]
  /// Weights of input i, `count` of them, start at `i · count`.
  private(set) var weights: [Float]

  init(inputCount: Int, factor: Int, mode: UpsamplingMode) {
    let outputCount = inputCount * factor
    switch mode {
    case .nearest:
      count = factor
      first = (0..<inputCount).map { UInt32($0 * factor) }
      weights = Array(repeating: 1, count: inputCount * factor)
    case .bilinear:
      // Input i is a neighbour of outputs whose position is within 1 of it: 2 · factor of them, from about
      // (i − ½) · factor on.
      let taps = min(2 * factor, outputCount)
      count = taps
      first = (0..<inputCount).map { UInt32(min(max(0, (2 * $0 - 1) * factor / 2), outputCount - taps)) }
      weights = Array(repeating: 0, count: inputCount * taps)
      let neighbours = BilinearNeighbours(inputCount: inputCount, factor: factor)
      for entry in 0..<2 * outputCount {
        let input = Int(neighbours.indices[entry])
        let tap = entry / 2 - Int(first[input])
        // A neighbour just out of reach has weight 0.
        if tap >= 0 && tap < taps { weights[input * taps + tap] += neighbours.weights[entry] }
      }
    }
  }
}
