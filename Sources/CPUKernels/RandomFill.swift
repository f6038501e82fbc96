import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: RandomFill) -> PlannedOperation {
    let (seed, stream, distribution) = (operation.seed, operation.stream, operation.distribution)
    // Each block begins with a whole Philox block of four words.
    let blocks = Blocks(unitCount: operation.output.shape.count, elementsPerUnit: 1, multiple: 4)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let output = try binding.vector(operation.output)
      return {
        pool.run(count: blocks.count) { index, _ in
          let range = blocks[index]
          let first = range.lowerBound
          switch distribution {
          case .uniform(let low, let high):
            vector_random_uniform(output + first, UInt64(first), range.count, seed, stream, low, high - low)
          case .normal(let mean, let deviation):
            vector_random_normal(output + first, UInt64(first), range.count, seed, stream, mean, deviation)
          }
        }
      }
    }
  }
}
