import Runtime

extension CLBackend {
  public func prepare(_ operation: MaxPoolingForward) throws(BackendError) -> any Launch {
    let (input, output) = (operation.input.shape, operation.output.shape)
    try requireType(.float32, of: operation.input, for: operation.title)
    try requireType(.float32, of: operation.output, for: operation.title)
    try requirePooled(operation.output, of: operation.input, window: operation.window, for: operation.title)
    if let indices = operation.indices {
      try requireType(.uint8, of: indices, for: operation.title)
      try requireShape(output, of: indices, for: operation.title)
    }
    let tensors = [operation.input, operation.output] + (operation.indices.map { [$0] } ?? [])
    let width = vectorWidth(channels: input.channels)
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "max_pooling_forward", in: "max_pooling.cl",
      definitions: ["WINDOW": operation.window, "WITH_INDICES": operation.indices != nil, "VECTOR": width],
      arguments: tensors.map { .tensor($0) } + [
        .uint(output.channels), .uint(output.pixelCount), .uint(input.height), .uint(input.width),
      ],
      over: rows(channels: output.channels / width, pixels: output.pixelCount))
    return launch
  }

  public func prepare(_ operation: MaxPoolingBackward) throws(BackendError) -> any Launch {
    let input = operation.inputGradient.shape
    try requireType(.float32, of: operation.outputGradient, for: operation.title)
    try requireType(.uint8, of: operation.indices, for: operation.title)
    try requireType(.float32, of: operation.inputGradient, for: operation.title)
    try requirePooled(
      operation.outputGradient, of: operation.inputGradient, window: operation.window, for: operation.title)
    try requirePooled(operation.indices, of: operation.inputGradient, window: operation.window, for: operation.title)
    let width = vectorWidth(channels: input.channels)
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "max_pooling_backward", in: "max_pooling.cl", definitions: ["WINDOW": operation.window, "VECTOR": width],
      arguments: [
        .tensor(operation.outputGradient), .tensor(operation.indices), .tensor(operation.inputGradient),
        .uint(input.channels), .uint(input.pixelCount), .uint(input.height), .uint(input.width),
        .int(operation.accumulate ? 1 : 0),
      ],
      over: rows(channels: input.channels / width, pixels: input.pixelCount))
    return launch
  }

  private func requirePooled(_ pooled: Tensor, of tensor: Tensor, window: Int, for operation: String)
    throws(BackendError)
  {
    // A place in the window must fit a byte.
    guard (1...16).contains(window) else {
      throw .invalidOperation(operation: operation, reason: "window \(window) is not in 1...16")
    }
    let shape = tensor.shape
    try requireShape(
      Shape(shape.batch, shape.height / window, shape.width / window, shape.channels), of: pooled,
      for: operation)
  }
}
