import Runtime

extension CLBackend {
  public func plan(_ operation: BatchNormalizationForward) -> PlannedOperation {
    let vectors = [
      operation.scale, operation.shift, operation.savedMean, operation.savedInverseDeviation, operation.runningMean,
      operation.runningVariance,
    ]
    let tiling = BatchNormalizationTiling(operation.input.shape, on: self)
    let definitions = tiling.definitions(operation.activation)
    let pooling = operation.pooling.map { FusedPooling($0, of: operation.output, on: self) }
    if let statistics = operation.statistics {
      return plan(operation.title) { (launch) throws(BackendError) in
        if let pooling { return try operation.addNormalization(pooling, to: launch) }
        try launch.add(
          "normalize_given", in: "batch_normalization.cl", definitions: definitions,
          arguments: [.tensor(operation.input), .array(statistics)] + vectors.map { .array($0) }
            + [.tensor(operation.output)] + tiling.extents + operation.factors + [.float(operation.activation.slope)],
          over: tiling.range(blocks: tiling.blocks))
      }
    }
    return plan(operation.title, workspaceByteCount: tiling.partialsByteCount) {
      (launch, partials) throws(BackendError) in
      try launch.add(
        "statistics_blocks", in: "batch_normalization.cl", definitions: definitions,
        arguments: [.tensor(operation.input), .memory(partials)] + tiling.extents + [.uint(tiling.blocks)],
        over: tiling.range(blocks: tiling.blocks))
      try launch.add(
        "statistics", in: "batch_normalization.cl", definitions: definitions,
        arguments: [
          .memory(partials), .array(operation.savedMean), .array(operation.savedInverseDeviation),
          .array(operation.runningMean), .array(operation.runningVariance),
        ] + tiling.extents + [.uint(tiling.blocks)] + operation.factors,
        over: tiling.range(blocks: 1))
      if let pooling { return try operation.addNormalization(pooling, to: launch) }
      try launch.add(
        "normalize_channels", in: "batch_normalization.cl", definitions: definitions,
        arguments: [
          .tensor(operation.input), .array(operation.scale), .array(operation.shift), .array(operation.savedMean),
          .array(operation.savedInverseDeviation), .tensor(operation.output),
        ] + tiling.extents + [.float(operation.activation.slope)],
        over: tiling.range(blocks: tiling.blocks))
    }
  }

  public func plan(_ operation: BatchNormalizationInference) -> PlannedOperation {
    let vectors = [operation.scale, operation.shift, operation.runningMean, operation.runningVariance]
    let tiling = BatchNormalizationTiling(operation.input.shape, on: self)
    return plan(operation.title) { (launch) throws(BackendError) in
      try launch.add(
        "normalize_inference", in: "batch_normalization.cl", definitions: tiling.definitions(operation.activation),
        arguments: [.tensor(operation.input)] + vectors.map { .array($0) } + [.tensor(operation.output)]
          + tiling.extents + [.float(operation.epsilon), .float(operation.activation.slope)],
        over: tiling.range(blocks: tiling.blocks))
    }
  }

  public func plan(_ operation: BatchNormalizationBackward) -> PlannedOperation {
    let pixels = BatchNormalizationTiling(operation.input.shape, on: self)
    let pooling = operation.pooling.map { FusedPooling($0, of: operation.outputGradient, on: self) }
    let slope = KernelArgument.float(operation.activation.slope)
    let accumulate = KernelArgument.int(operation.accumulate ? 1 : 0)
    if pixels.hasFewPixels {
      return plan(operation.title) { (launch) throws(BackendError) in
        try launch.add(
          "few_pixel_gradients", in: "batch_normalization_few_pixels.cl",
          definitions: pixels.definitions(operation.activation, pooled: pooling != nil),
          arguments: operation.inputs + (pooling?.tensors ?? []) + (pooling?.sides ?? [])
            + [.array(operation.scaleGradient), .array(operation.shiftGradient), .tensor(operation.inputGradient)]
            + pixels.extents + [accumulate, slope],
          over: pixels.range(blocks: 1))
      }
    }
    // Three stages: sums of blocks, their totals, the input's gradient. Blocks are of pixels, or of squares of them.
    let tiling = pooling?.tiling ?? pixels
    let definitions = tiling.definitions(operation.activation)
    let file = pooling == nil ? "batch_normalization.cl" : "batch_normalization_pooling.cl"
    let inputs = operation.inputs + (pooling?.tensors ?? [])
    let last = (pooling?.sides ?? []) + [slope]
    let byteCount = tiling.partialsByteCount + tiling.meansByteCount
    return plan(operation.title, workspaceByteCount: byteCount) { [self] (launch, workspace) throws(BackendError) in
      let means = try region(of: workspace, byteOffset: tiling.partialsByteCount, byteCount: tiling.meansByteCount)
      try launch.add(
        pooling == nil ? "gradient_blocks" : "gradient_squares", in: file, definitions: definitions,
        arguments: inputs + [.memory(workspace)] + tiling.extents + [.uint(tiling.blocks)] + last,
        over: tiling.range(blocks: tiling.blocks))
      try launch.add(
        "gradient_sums", in: "batch_normalization.cl", definitions: definitions,
        arguments: [
          .memory(workspace), .memory(means), .array(operation.scaleGradient), .array(operation.shiftGradient),
        ] + pixels.extents + [.uint(tiling.blocks), accumulate],
        over: tiling.range(blocks: 1))
      try launch.add(
        pooling == nil ? "input_gradient" : "input_gradient_squares", in: file, definitions: definitions,
        arguments: inputs + [.memory(means), .tensor(operation.inputGradient)] + tiling.extents + last,
        over: tiling.range(blocks: tiling.blocks))
    }
  }
}

extension BatchNormalizationBackward {
  /// The arguments that every gradient kernel begins with.
  fileprivate var inputs: [KernelArgument] {
    [.tensor(input)] + [scale, shift, savedMean, savedInverseDeviation].map { .array($0) } + [.tensor(outputGradient)]
  }
}

/// Max-pooling fused with a batch normalization: batch_normalization_pooling.cl.
private struct FusedPooling {
  /// Forward the maxima, backward their gradients.
  let pooled: Tensor
  let indices: Tensor
  /// Of the 2×2 squares, those cut by an edge included.
  let tiling: BatchNormalizationTiling
  private let shape: Shape

  /// - Parameter larger: the tensor that is pooled, or its gradient.
  init(_ pooling: BatchNormalizationPooling, of larger: Tensor, on backend: CLBackend) {
    pooled = pooling.output
    indices = pooling.indices
    shape = larger.shape
    tiling = BatchNormalizationTiling(
      Shape(shape.batch, (shape.height + 1) / 2, (shape.width + 1) / 2, shape.channels), on: backend)
  }

  var tensors: [KernelArgument] { [.tensor(pooled), .tensor(indices)] }
  /// Height and width of the tensor that is pooled.
  var sides: [KernelArgument] { [.uint(shape.height), .uint(shape.width)] }
  var squares: KernelArgument { .uint(tiling.pixels) }
}

extension BatchNormalizationForward {
  /// Appends the normalization fused with the pooling; where `statistics` are given, it also updates the running ones.
  fileprivate func addNormalization(_ pooling: FusedPooling, to launch: CLLaunch) throws(BackendError) {
    let file = "batch_normalization_pooling.cl", definitions = pooling.tiling.definitions(activation)
    let outputs = [.tensor(output)] + pooling.tensors
    let channels = KernelArgument.uint(input.shape.channels), slope = KernelArgument.float(activation.slope)
    let range = pooling.tiling.range(blocks: pooling.tiling.blocks)
    guard let statistics else {
      return try launch.add(
        "normalize_squares", in: file, definitions: definitions,
        arguments: [.tensor(input)] + [scale, shift, savedMean, savedInverseDeviation].map { .array($0) } + outputs
          + [channels, pooling.squares] + pooling.sides + [slope],
        over: range)
    }
    let vectors = [statistics, scale, shift, savedMean, savedInverseDeviation, runningMean, runningVariance]
    try launch.add(
      "normalize_given_squares", in: file, definitions: definitions,
      arguments: [.tensor(input)] + vectors.map { .array($0) } + outputs
        + [channels, .uint(input.shape.pixelCount), pooling.squares] + pooling.sides + factors + [slope],
      over: range)
  }

  /// ε, momentum and 1 − momentum.
  fileprivate var factors: [KernelArgument] {
    [.float(epsilon), .float(momentum), .float(Float(1 - Double(momentum)))]
  }
}
