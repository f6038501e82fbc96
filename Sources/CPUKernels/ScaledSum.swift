import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: ScaledSum) -> PlannedOperation {
    let blocks = Blocks(unitCount: operation.output.shape.count, elementsPerUnit: 1)
    let factor = operation.factor
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let first = try binding.vector(operation.first)
      let second = try binding.vector(operation.second)
      let output = try binding.vector(operation.output)
      return {
        pool.run(count: blocks.count) { index, _ in
          let range = blocks[index]
          let start = range.lowerBound
          if let second {
            vector_scaled_sum(output + start, first + start, second + start, range.count, factor)
          } else {
            vector_scaled(output + start, first + start, range.count, factor)
          }
        }
      }
    }
  }
}
