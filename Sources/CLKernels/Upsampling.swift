import Runtime

extension CLBackend {
  public func prepare(_ operation: UpsamplingForward) throws(BackendError) -> any Launch {
    try upsampling(
      "upsampling_forward", from: operation.input, to: operation.output, small: operation.input,
      large: operation.output, mode: operation.mode, factor: operation.factor, for: operation.title)
  }

  public func prepare(_ operation: UpsamplingBackward) throws(BackendError) -> any Launch {
    try upsampling(
      "upsampling_backward", from: operation.outputGradient, to: operation.inputGradient,
      small: operation.inputGradient, large: operation.outputGradient, mode: operation.mode, factor: operation.factor,
      for: operation.title)
  }

  private func upsampling(
    _ kernel: String, from source: Tensor, to target: Tensor, small: Tensor, large: Tensor, mode: UpsamplingMode,
    factor: Int,
    for operation: String
  ) throws(BackendError) -> any Launch {
    try requireType(.float32, of: source, for: operation)
    try requireType(.float32, of: target, for: operation)
    guard factor >= 1 else {
      throw .invalidOperation(operation: operation, reason: "factor \(factor) is less than 1")
    }
    let shape = small.shape
    try requireShape(
      Shape(shape.batch, shape.height * factor, shape.width * factor, shape.channels), of: large,
      for: operation)
    let launch = CLLaunch(operation, on: self)
    try launch.add(
      kernel, in: "upsampling.cl", definitions: ["FACTOR": factor, "BILINEAR": mode == .bilinear],
      arguments: [
        .tensor(source), .tensor(target), .uint(shape.channels), .uint(target.shape.pixelCount), .uint(shape.height),
        .uint(shape.width),
      ],
      over: rows(channels: shape.channels, pixels: target.shape.pixelCount))
    return launch
  }
}
