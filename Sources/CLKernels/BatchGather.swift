import Runtime

extension CLBackend {
  public func plan(_ operation: BatchGather) -> PlannedOperation {
    let (images, indices, color, gray) = (operation.images, operation.indices, operation.color, operation.gray)
    let shape = color.shape
    let last = indices.shape.count - shape.batch
    let first = operation.first
    let imagePixels = shape.height * shape.width
    let (colorScale, grayScale, shift): (Float, Float, Float) =
      switch operation.encoding {
      case .rgb(let scale, let shift): (scale, 0, shift)
      case .lab: (1 / ColorEncoding.labChromaScale, 1 / ColorEncoding.labLightnessScale, -1)
      }
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "batch_gather", in: "batch_gather.cl", definitions: ["LAB": operation.encoding == .lab],
        arguments: [
          .tensor(images), .tensor(indices), .tensor(color), .tensor(gray), .ulong(imagePixels), .ulong(shape.width),
          .ulong(shape.batch), .float(colorScale), .float(grayScale), .float(shift),
          .variableULong({ first.value }, allowed: 0...last),
        ],
        over: rows(channels: imagePixels, pixels: shape.batch))
    }
  }
}
