import Runtime

extension CLBackend {
  public func plan(_ operation: ExponentialMovingAverage) -> PlannedOperation {
    let count = operation.values.shape.count
    let decay = operation.decay
    let width = vectorWidth(channels: nil)
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "exponential_moving_average", in: "exponential_moving_average.cl", definitions: ["VECTOR": width],
        arguments: [
          .tensor(operation.values), .tensor(operation.average), .ulong(count), .variableFloat({ 1 - decay.value }),
        ],
        over: rows(channels: ceilDivide(count, width), pixels: 1))
    }
  }
}
