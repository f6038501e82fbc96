import CVectorLoops
import Runtime

extension CPUBackend {
  public func prepare(_ operation: ExponentialMovingAverage) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let count = operation.values.shape.count
    let values = try binding.vector(operation.values, count: count)
    let average = try binding.vector(operation.average, count: count)
    let blocks = Blocks(unitCount: count, elementsPerUnit: 1)
    let decay = operation.decay
    return binding.launch { [pool] in
      let complement = 1 - decay.value
      pool.run(count: blocks.count) { index, _ in
        let range = blocks[index]
        vector_exponential_moving_average(
          average + range.lowerBound, values + range.lowerBound, range.count, complement)
      }
    }
  }
}
