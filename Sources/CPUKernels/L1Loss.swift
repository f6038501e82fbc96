import CVectorLoops
import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: L1Loss) -> Int {
    LossSum.workspaceByteCount(operation.prediction.shape)
  }

  public func prepare(_ operation: L1Loss, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.prediction, operation.target, operation.gradient ?? operation.prediction)
    let prediction = try binding.float32(operation.prediction)
    let target = try binding.float32(operation.target)
    let gradient = try binding.float32(optional: operation.gradient)
    let sum = try LossSum(
      operation.prediction.shape, isDense: prediction.isDense && target.isDense && gradient?.isDense ?? true,
      loss: operation.loss, workspace: workspace, binding: &binding)
    let factor = operation.weight / Float(prediction.count)
    let accumulate = operation.accumulate
    return binding.launch { [pool] in
      sum.run(on: pool) { block, partial in
        vector_l1_loss(
          partial, prediction.pointer(at: block), prediction.pixelStride, target.pointer(at: block),
          target.pixelStride, gradient?.pointer(at: block), gradient?.pixelStride ?? 0, block.rows, block.columns,
          factor, accumulate)
      }
    }
  }
}
