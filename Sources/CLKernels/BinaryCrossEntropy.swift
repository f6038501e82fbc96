import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: BinaryCrossEntropy) -> Int {
    Loss.workspaceByteCount(count: operation.logits.shape.count)
  }

  public func prepare(_ operation: BinaryCrossEntropy, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try Loss(
      operation: operation.title, file: "binary_cross_entropy", prediction: operation.logits,
      target: .constant(operation.target), loss: operation.loss, gradient: operation.gradient, weight: operation.weight,
      accumulate: operation.accumulate
    ).prepare(on: self, workspace: workspace)
  }
}
