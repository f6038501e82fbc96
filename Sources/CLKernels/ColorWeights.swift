import Runtime

extension CLBackend {
  public func plan(_ operation: ColorWeights) -> PlannedOperation {
    let (table, pixels) = (operation.table, operation.weights.shape.pixelCount)
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "color_weights", in: "color_weights.cl",
        arguments: [
          .tensor(operation.colors), .array(table), .tensor(operation.weights), .ulong(pixels),
          .uint(table.shape.height), .uint(table.shape.width),
        ],
        over: rows(channels: 1, pixels: pixels))
    }
  }
}
