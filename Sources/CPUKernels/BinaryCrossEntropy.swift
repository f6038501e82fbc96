import CVectorLoops
import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: BinaryCrossEntropy) -> Int {
    LossSum.workspaceByteCount(operation.logits.shape)
  }

  public func prepare(_ operation: BinaryCrossEntropy, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.logits, operation.gradient ?? operation.logits)
    let logits = try binding.float32(operation.logits)
    let gradient = try binding.float32(optional: operation.gradient)
    let sum = try LossSum(
      operation.logits.shape, isDense: logits.isDense && gradient?.isDense ?? true, loss: operation.loss,
      workspace: workspace, binding: &binding)
    let factor = operation.weight / Float(logits.count)
    let (target, accumulate) = (operation.target, operation.accumulate)
    return binding.launch { [pool] in
      sum.run(on: pool) { block, partial in
        vector_binary_cross_entropy(
          partial, logits.pointer(at: block), logits.pixelStride, target, gradient?.pointer(at: block),
          gradient?.pixelStride ?? 0, block.rows, block.columns, factor, accumulate)
      }
    }
  }
}
