import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: PixelwiseLoss) -> PlannedOperation {
    let count = operation.prediction.shape.count
    let sum = LossSum(ElementBlocks(operation.prediction, operation.target, operation.gradient), count: count)
    let factor = operation.weight / Float(count)
    let (kind, accumulate) = (operation.kind, operation.accumulate)
    return PlannedOperation(operation.title, sum.workspace) { [pool] binding throws(BackendError) in
      let prediction = try binding.float32(operation.prediction)
      let target = try binding.float32(operation.target)
      let gradient = try binding.float32(operation.gradient)
      return try sum.bind(&binding, loss: operation.loss, on: pool) { block, partial in
        switch kind {
        case .l1:
          vector_l1_loss(
            partial, prediction.pointer(at: block), prediction.pixelStride, target.pointer(at: block),
            target.pixelStride, gradient?.pointer(at: block), gradient?.pixelStride ?? 0, block.rows, block.columns,
            factor, accumulate)
        case .meanSquared:
          vector_mean_squared_error(
            partial, prediction.pointer(at: block), prediction.pixelStride, target.pointer(at: block),
            target.pixelStride, gradient?.pointer(at: block), gradient?.pixelStride ?? 0, block.rows, block.columns,
            factor, accumulate)
        }
      }
    }
  }
}
