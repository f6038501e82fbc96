import Runtime

extension CLBackend {
  public func prepare(_ operation: BatchGather) throws(BackendError) -> any Launch {
    let (images, indices, color, gray) = (operation.images, operation.indices, operation.color, operation.gray)
    try requireType(.uint8, of: images, for: operation.title)
    try requireType(.uint32, of: indices, for: operation.title)
    try requireType(.float32, of: color, for: operation.title)
    let shape = color.shape
    try requireShape(Shape(images.shape.batch, shape.height, shape.width, 3), of: images, for: operation.title)
    try requireShape(
      Shape(shape.batch, shape.height, shape.width, operation.encoding.colorChannels), of: color, for: operation.title)
    try requireShape(Shape(shape.batch, shape.height, shape.width, 1), of: gray, for: operation.title)
    let last = indices.shape.count - shape.batch
    guard last >= 0 else {
      throw .invalidOperation(
        operation: operation.title, reason: "\(indices.shape.count) indices for a batch of \(shape.batch)")
    }
    let first = operation.first
    let imagePixels = shape.height * shape.width
    let (colorScale, grayScale, shift): (Float, Float, Float) =
      switch operation.encoding {
      case .rgb(let scale, let shift): (scale, 0, shift)
      case .lab: (1 / ColorEncoding.labChromaScale, 1 / ColorEncoding.labLightnessScale, -1)
      }
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "batch_gather", in: "batch_gather.cl", definitions: ["LAB": operation.encoding == .lab],
      arguments: [
        .tensor(images), .tensor(indices), .tensor(color), .tensor(gray), .ulong(imagePixels), .ulong(shape.width),
        .ulong(shape.batch), .float(colorScale), .float(grayScale), .float(shift),
        .variableULong({ first.value }, allowed: 0...last),
      ],
      over: rows(channels: imagePixels, pixels: shape.batch))
    return launch
  }
}
