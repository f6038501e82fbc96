import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: BinaryCrossEntropy) -> PlannedOperation {
    let sum = LossSum(ElementBlocks(operation.logits, operation.gradient), count: operation.logits.shape.count)
    let factor = operation.weight / Float(operation.logits.shape.count)
    let (target, accumulate) = (operation.target, operation.accumulate)
    return PlannedOperation(operation.title, sum.workspace) { [pool] binding throws(BackendError) in
      let logits = try binding.float32(operation.logits)
      let gradient = try binding.float32(operation.gradient)
      return try sum.bind(&binding, loss: operation.loss, on: pool) { block, partial in
        vector_binary_cross_entropy(
          partial, logits.rows(of: block), target, block.size,
          vector_loss_gradient(gradient, block, factor: factor, accumulate: accumulate))
      }
    }
  }
}
