import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: MeanSquaredError) -> Int {
    Loss.workspaceByteCount(count: operation.prediction.shape.count)
  }

  public func prepare(_ operation: MeanSquaredError, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try Loss(
      operation: operation.title, file: "mean_squared_error", prediction: operation.prediction,
      target: .tensor(operation.target), loss: operation.loss, gradient: operation.gradient, weight: operation.weight,
      accumulate: operation.accumulate
    ).prepare(on: self, workspace: workspace)
  }
}
