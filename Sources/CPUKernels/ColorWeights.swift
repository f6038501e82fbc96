import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: ColorWeights) -> PlannedOperation {
    let blocks = Blocks(unitCount: operation.weights.shape.pixelCount, elementsPerUnit: 3)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let colors = try binding.float32(operation.colors)
      let weights = try binding.float32(operation.weights)
      let values = try binding.float32(operation.table)
      let table = vector_color_table(
        start: values.pointer, size: vector_size(rows: values.height, columns: values.width))
      return {
        pool.run(count: blocks.count) { index, _ in
          let range = blocks[index]
          vector_color_weights(
            weights.pixels(from: range.lowerBound), colors.pixels(from: range.lowerBound), table, range.count)
        }
      }
    }
  }
}
