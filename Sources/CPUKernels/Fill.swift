import CVectorLoops
import Runtime

extension CPUBackend {
  public func prepare(_ operation: Fill) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let output = try binding.float32(operation.output)
    let value = operation.value
    let blocks = ElementBlocks(pixelCount: output.pixelCount, channels: output.channels, isDense: output.isDense)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        let block = blocks[index]
        vector_fill(output.pointer(at: block), output.pixelStride, block.rows, block.columns, value)
      }
    }
  }
}
