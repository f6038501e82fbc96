import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: L1Loss) -> Int {
    Loss.workspaceByteCount(count: operation.prediction.shape.count)
  }

  public func prepare(_ operation: L1Loss, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try Loss(
      operation: operation.title, file: "l1_loss", prediction: operation.prediction,
      target: .tensor(operation.target), loss: operation.loss, gradient: operation.gradient, weight: operation.weight,
      accumulate: operation.accumulate
    ).prepare(on: self, workspace: workspace)
  }
}
