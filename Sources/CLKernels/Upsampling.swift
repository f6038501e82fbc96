import Runtime

extension CLBackend {
  public func plan(_ operation: UpsamplingForward) -> PlannedOperation {
    planUpsampling(
      "upsampling_forward", from: operation.input, to: operation.output, smaller: operation.input.shape,
      mode: operation.mode, factor: operation.factor, for: operation.title)
  }

  public func plan(_ operation: UpsamplingBackward) -> PlannedOperation {
    planUpsampling(
      "upsampling_backward", from: operation.outputGradient, to: operation.inputGradient,
      smaller: operation.inputGradient.shape, mode: operation.mode, factor: operation.factor, for: operation.title)
  }

  private func planUpsampling(
    _ kernel: String, from source: Tensor, to target: Tensor, smaller shape: Shape, mode: UpsamplingMode, factor: Int,
    for title: String
  ) -> PlannedOperation {
    plan(title) { [self] (launch) throws(BackendError) in
      try launch.add(
        kernel, in: "upsampling.cl", definitions: ["FACTOR": factor, "BILINEAR": mode == .bilinear],
        arguments: [
          .tensor(source), .tensor(target), .uint(shape.channels), .uint(target.shape.pixelCount),
          .uint(shape.height), .uint(shape.width),
        ],
        over: rows(channels: shape.channels, pixels: target.shape.pixelCount))
    }
  }
}
