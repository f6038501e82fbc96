import Runtime

/// Max-pooling on top of a batch normalization, in the same pass over memory: batch_normalization_pooling.cl.
struct FusedPooling {
  /// Forward the maxima, backward their gradients.
  let pooled: Tensor
  let indices: Tensor
  /// How the squares are divided; squares that the edges cut count.
  let tiling: BatchNormalizationTiling
  private let shape: Shape

  /// - Parameter larger: what is pooled, or its gradient.
  init(_ pooling: BatchNormalizationPooling, of larger: Tensor, on backend: CLBackend) {
    pooled = pooling.output
    indices = pooling.indices
    shape = larger.shape
    tiling = BatchNormalizationTiling(
      Shape(shape.batch, (shape.height + 1) / 2, (shape.width + 1) / 2, shape.channels), on: backend)
  }

  /// Throws unless the pooled tensors fit what is pooled.
  func check(on backend: CLBackend, for operation: String) throws(BackendError) {
    try backend.requireType(.float32, of: pooled, for: operation)
    try backend.requireType(.uint8, of: indices, for: operation)
    let expected = Shape(shape.batch, shape.height / 2, shape.width / 2, shape.channels)
    for tensor in [pooled, indices] { try backend.requireShape(expected, of: tensor, for: operation) }
  }

  var tensors: [KernelArgument] { [.tensor(pooled), .tensor(indices)] }
  /// Height and width of what is pooled.
  var sides: [KernelArgument] { [.uint(shape.height), .uint(shape.width)] }
  var squares: KernelArgument { .uint(tiling.pixels) }
}

extension BatchNormalizationForward {
  /// Appends the last stage with pooling: the normalization and, where `statistics` are given, what is kept of them.
  func addNormalization(_ pooling: FusedPooling, to launch: CLLaunch) throws(BackendError) {
    try launch.add(
      "normalize_squares", in: "batch_normalization_pooling.cl",
      definitions: pooling.tiling.definitions(activation, given: statistics != nil),
      arguments: [.tensor(input), .vector(scale), .vector(shift)]
        + (statistics.map { [.vector($0)] } ?? [])
        + [.vector(savedMean), .vector(savedInverseDeviation)]
        + (statistics == nil ? [] : [.vector(runningMean), .vector(runningVariance)] + factors)
        + [.tensor(output)] + pooling.tensors
        + [.uint(input.shape.channels), .uint(input.shape.pixelCount), pooling.squares] + pooling.sides
        + [.float(activation.slope)],
      over: pooling.tiling.range(blocks: pooling.tiling.blocks))
  }

  /// Epsilon, momentum, and the rest to one.
  var factors: [KernelArgument] { [.float(epsilon), .float(momentum), .float(Float(1 - Double(momentum)))] }
}
