import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: PixelwiseLoss) -> PlannedOperation {
    if let weights = operation.weights { return plan(operation, weights: weights) }
    let count = operation.prediction.shape.count
    let sum = LossSum(ElementBlocks(operation.prediction, operation.target, operation.gradient), count: count)
    let factor = operation.weight / Float(count)
    let kind = operation.vectorKind
    let accumulate = operation.accumulate
    return PlannedOperation(operation.title, sum.workspace) { [pool] binding throws(BackendError) in
      let prediction = try binding.float32(operation.prediction)
      let target = try binding.float32(operation.target)
      let gradient = try binding.float32(operation.gradient)
      return try sum.bind(&binding, loss: operation.loss, on: pool) { block, partial in
        vector_pixelwise_loss(
          kind, partial, prediction.rows(of: block), target.rows(of: block), block.size,
          vector_loss_gradient(gradient, block, factor: factor, accumulate: accumulate))
      }
    }
  }

  /// Plans a loss whose pixels have weights. It runs pixel by pixel, since an element's weight is its pixel's.
  private func plan(_ operation: PixelwiseLoss, weights: Tensor) -> PlannedOperation {
    let count = operation.prediction.shape.count
    let sum = LossSum(ElementBlocks(pixelsOf: operation.prediction), count: count)
    let factor = operation.weight / Float(count)
    let (kind, accumulate) = (operation.vectorKind, operation.accumulate)
    return PlannedOperation(operation.title, sum.workspace) { [pool] binding throws(BackendError) in
      let prediction = try binding.float32(operation.prediction)
      let target = try binding.float32(operation.target)
      let weights = try binding.float32(weights)
      let gradient = try binding.float32(operation.gradient)
      return try sum.bind(&binding, loss: operation.loss, on: pool) { block, partial in
        vector_weighted_pixelwise_loss(
          kind, partial, prediction.rows(of: block), target.rows(of: block), weights.rows(of: block), block.size,
          vector_loss_gradient(gradient, block, factor: factor, accumulate: accumulate))
      }
    }
  }
}

extension PixelwiseLoss {
  fileprivate var vectorKind: vector_pixelwise_loss_kind {
    kind == .l1 ? vector_l1_loss : vector_mean_squared_error
  }
}
