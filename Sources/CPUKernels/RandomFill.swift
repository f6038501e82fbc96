import CVectorLoops
import Runtime

extension CPUBackend {
  public func prepare(_ operation: RandomFill) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let count = operation.output.shape.count
    let output = try binding.float32(operation.output)
    try binding.require(output.isDense, "\(operation.output.storage.name) has gaps between its pixels")
    let (seed, stream) = (operation.seed, operation.stream)
    let distribution = operation.distribution
    // Each block begins with a whole Philox block of four words.
    let blocks = Blocks(unitCount: count, elementsPerUnit: 1, multiple: 4)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        let range = blocks[index]
        let first = range.lowerBound
        switch distribution {
        case .uniform(let low, let high):
          vector_random_uniform(output.pointer + first, UInt64(first), range.count, seed, stream, low, high - low)
        case .normal(let mean, let deviation):
          vector_random_normal(output.pointer + first, UInt64(first), range.count, seed, stream, mean, deviation)
        }
      }
    }
  }
}
