import Runtime

extension CLBackend {
  public func plan(_ operation: MaxPoolingForward) -> PlannedOperation {
    let (input, output) = (operation.input.shape, operation.output.shape)
    let tensors = [operation.input, operation.output] + (operation.indices.map { [$0] } ?? [])
    let width = vectorWidth(channels: input.channels)
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "max_pooling_forward", in: "max_pooling.cl",
        definitions: ["WINDOW": operation.window, "WITH_INDICES": operation.indices != nil, "VECTOR": width],
        arguments: tensors.map { .tensor($0) } + [
          .uint(output.channels), .uint(output.pixelCount), .uint(input.height), .uint(input.width),
        ],
        over: rows(channels: output.channels / width, pixels: output.pixelCount))
    }
  }

  public func plan(_ operation: MaxPoolingBackward) -> PlannedOperation {
    let input = operation.inputGradient.shape
    let width = vectorWidth(channels: input.channels)
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "max_pooling_backward", in: "max_pooling.cl", definitions: ["WINDOW": operation.window, "VECTOR": width],
        arguments: [
          .tensor(operation.outputGradient), .tensor(operation.indices), .tensor(operation.inputGradient),
          .uint(input.channels), .uint(input.pixelCount), .uint(input.height), .uint(input.width),
          .int(operation.accumulate ? 1 : 0),
        ],
        over: rows(channels: input.channels / width, pixels: input.pixelCount))
    }
  }
}
