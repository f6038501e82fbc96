import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: Fill) -> PlannedOperation {
    let blocks = ElementBlocks(operation.output)
    let value = operation.value
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let output = try binding.float32(operation.output)
      return {
        pool.run(count: blocks.count) { index, _ in
          let block = blocks[index]
          vector_fill(output.rows(of: block), block.size, value)
        }
      }
    }
  }
}
