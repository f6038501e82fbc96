import Runtime

extension CLBackend {
  public func prepare(_ operation: ExponentialMovingAverage) throws(BackendError) -> any Launch {
    let tensors = [operation.values, operation.average]
    let count = operation.values.shape.count
    for tensor in tensors { try requireVector(tensor, count: count, for: operation.title) }
    let decay = operation.decay
    let width = vectorWidth(channels: nil)
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "exponential_moving_average", in: "exponential_moving_average.cl", definitions: ["VECTOR": width],
      arguments: tensors.map { .tensor($0) } + [.ulong(count), .variableFloat({ 1 - decay.value })],
      over: rows(channels: ceilDivide(count, width), pixels: 1))
    return launch
  }
}
