import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: ExponentialMovingAverage) -> PlannedOperation {
    let blocks = Blocks(unitCount: operation.values.shape.count, elementsPerUnit: 1)
    let decay = operation.decay
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let values = try binding.vector(operation.values)
      let average = try binding.vector(operation.average)
      return {
        let complement = 1 - decay.value
        pool.run(count: blocks.count) { index, _ in
          let range = blocks[index]
          vector_exponential_moving_average(
            average + range.lowerBound, values + range.lowerBound, range.count, complement)
        }
      }
    }
  }
}
