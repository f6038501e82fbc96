import Runtime

extension CLBackend {
  public func plan(_ operation: BinaryCrossEntropy) -> PlannedOperation {
    planLoss(
      "binary_cross_entropy", of: operation.logits, .float(operation.target), loss: operation.loss,
      gradient: operation.gradient, weight: operation.weight, accumulate: operation.accumulate,
      isDense: operation.logits.isDense, for: operation.title)
  }
}
