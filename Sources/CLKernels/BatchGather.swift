import Runtime

extension CLBackend {
  public func prepare(_ operation: BatchGather) throws(BackendError) -> any Launch {
    let (images, indices, color, gray) = (operation.images, operation.indices, operation.color, operation.gray)
    try requireType(.uint8, of: images, for: BatchGather.name)
    try requireType(.uint32, of: indices, for: BatchGather.name)
    try requireType(.float32, of: color, for: BatchGather.name)
    let shape = color.shape
    try requireShape(Shape(images.shape.batch, shape.height, shape.width, 3), of: images, for: BatchGather.name)
    try requireShape(Shape(shape.batch, shape.height, shape.width, 3), of: color, for: BatchGather.name)
    try requireShape(Shape(shape.batch, shape.height, shape.width, 1), of: gray, for: BatchGather.name)
    let last = indices.shape.count - shape.batch
    guard last >= 0 else {
      throw .invalidOperation(
        operation: BatchGather.name, reason: "\(indices.shape.count) indices for a batch of \(shape.batch)")
    }
    let first = operation.first
    let imagePixels = shape.height * shape.width
    let launch = CLLaunch(BatchGather.name, on: self)
    try launch.add(
      "batch_gather", in: "batch_gather.cl",
      arguments: [
        .tensor(images), .tensor(indices), .tensor(color), .tensor(gray), .ulong(imagePixels), .ulong(shape.batch),
        .float(operation.scale), .float(operation.shift), .variableULong({ first.value }, allowed: 0...last),
      ],
      over: rows(channels: imagePixels, pixels: shape.batch))
    return launch
  }
}
