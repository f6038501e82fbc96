import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: BatchNormalizationForward) -> Int {
    operation.statistics == nil ? BatchNormalizationTiling(operation.input.shape, on: self).partialsByteCount : 0
  }

  public func workspaceByteCount(_ operation: BatchNormalizationBackward) -> Int {
    let pooling =
      bodies == .gpu ? nil : operation.pooling.map { FusedPooling($0, of: operation.outputGradient, on: self) }
    let tiling = BatchNormalizationTiling(operation.input.shape, on: self)
    return tiling.hasFewPixels ? 0 : (pooling?.tiling ?? tiling).partialsByteCount + tiling.meansByteCount
  }

  public func prepare(_ operation: BatchNormalizationForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    let name = operation.title
    let vectors = [
      operation.scale, operation.shift, operation.savedMean, operation.savedInverseDeviation, operation.runningMean,
      operation.runningVariance,
    ]
    try requireSameShape([operation.input, operation.output], for: name)
    for vector in vectors { try requireVector(vector, count: operation.input.shape.channels, for: name) }
    let tiling = BatchNormalizationTiling(operation.input.shape, on: self)
    let pooling = operation.pooling.map { FusedPooling($0, of: operation.output, on: self) }
    try pooling?.check(on: self, for: name)
    let launch = CLLaunch(name, on: self)
    if let statistics = operation.statistics {
      try requireStatistics(statistics, channels: tiling.channels, for: name)
      if let pooling {
        try operation.addNormalization(pooling, to: launch)
        return launch
      }
      try launch.add(
        "normalize_given", in: "batch_normalization.cl", definitions: tiling.definitions(operation.activation),
        arguments: [.tensor(operation.input), .vector(statistics)] + vectors.map { .vector($0) }
          + [.tensor(operation.output)] + tiling.extents + operation.factors + [.float(operation.activation.slope)],
        over: tiling.range(blocks: tiling.blocks))
      return launch
    }
    let partials = try self.workspace(workspace, byteCount: workspaceByteCount(operation), for: name)
    try launch.add(
      "statistics_blocks", in: "batch_normalization.cl", definitions: tiling.definitions(operation.activation),
      arguments: [.tensor(operation.input), .memory(partials)] + tiling.extents + [.uint(tiling.blocks)],
      over: tiling.range(blocks: tiling.blocks))
    try launch.add(
      "statistics", in: "batch_normalization.cl", definitions: tiling.definitions(operation.activation),
      arguments: [
        .memory(partials), .vector(operation.savedMean), .vector(operation.savedInverseDeviation),
        .vector(operation.runningMean), .vector(operation.runningVariance),
      ] + tiling.extents + [.uint(tiling.blocks)] + operation.factors,
      over: tiling.range(blocks: 1))
    if let pooling {
      try operation.addNormalization(pooling, to: launch)
      return launch
    }
    try launch.add(
      "normalize_channels", in: "batch_normalization.cl", definitions: tiling.definitions(operation.activation),
      arguments: [
        .tensor(operation.input), .vector(operation.scale), .vector(operation.shift), .vector(operation.savedMean),
        .vector(operation.savedInverseDeviation), .tensor(operation.output),
      ] + tiling.extents + [.float(operation.epsilon), .float(operation.activation.slope)],
      over: tiling.range(blocks: tiling.blocks))
    return launch
  }

  public func prepare(_ operation: BatchNormalizationInference) throws(BackendError) -> any Launch {
    let name = operation.title
    let vectors = [operation.scale, operation.shift, operation.runningMean, operation.runningVariance]
    try requireSameShape([operation.input, operation.output], for: name)
    for vector in vectors { try requireVector(vector, count: operation.input.shape.channels, for: name) }
    let tiling = BatchNormalizationTiling(operation.input.shape, on: self)
    let launch = CLLaunch(name, on: self)
    try launch.add(
      "normalize_channels", in: "batch_normalization.cl",
      definitions: tiling.definitions(operation.activation, inference: true),
      arguments: [.tensor(operation.input)] + vectors.map { .vector($0) } + [.tensor(operation.output)]
        + tiling.extents + [.float(operation.epsilon), .float(operation.activation.slope)],
      over: tiling.range(blocks: tiling.blocks))
    return launch
  }

  public func prepare(_ operation: BatchNormalizationBackward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    let name = operation.title
    let inputs = [operation.scale, operation.shift, operation.savedMean, operation.savedInverseDeviation]
    let gradients = [operation.scaleGradient, operation.shiftGradient]
    try requireSameShape([operation.input, operation.outputGradient, operation.inputGradient], for: name)
    for vector in inputs + gradients {
      try requireVector(vector, count: operation.input.shape.channels, for: name)
    }
    let all = BatchNormalizationTiling(operation.input.shape, on: self)
    let pooling = operation.pooling.map { FusedPooling($0, of: operation.outputGradient, on: self) }
    try pooling?.check(on: self, for: name)
    let slope = KernelArgument.float(operation.activation.slope)
    let gradientInputs = gradientInputs(operation) + (pooling?.tensors ?? [])
    let launch = CLLaunch(name, on: self)
    if all.hasFewPixels {
      try launch.add(
        "few_pixel_gradients", in: "batch_normalization_few_pixels.cl",
        definitions: all.definitions(
          operation.activation, accumulate: operation.accumulate, pooled: pooling != nil),
        arguments: gradientInputs + (pooling?.sides ?? []) + gradients.map { .vector($0) }
          + [.tensor(operation.inputGradient)] + all.extents + [slope],
        over: all.range(blocks: 1))
      return launch
    }
    if let pooling, bodies == .gpu {
      try launch.add(
        "add_pooled_gradient", in: "batch_normalization_pooling.cl", definitions: all.definitions(operation.activation),
        arguments: [.tensor(operation.outputGradient)] + pooling.tensors + [.tensor(operation.inputGradient)]
          + all.extents + pooling.sides,
        over: rows(channels: all.channels, pixels: all.pixels))
      let added = BatchNormalizationBackward(
        input: operation.input, scale: operation.scale, shift: operation.shift, savedMean: operation.savedMean,
        savedInverseDeviation: operation.savedInverseDeviation, outputGradient: operation.inputGradient,
        inputGradient: operation.inputGradient, scaleGradient: operation.scaleGradient,
        shiftGradient: operation.shiftGradient, accumulate: operation.accumulate, activation: operation.activation)
      try add(added, to: launch, nil, workspace)
      return launch
    }
    try add(operation, to: launch, pooling, workspace)
    return launch
  }

  /// Appends the three stages of a gradient.
  private func add(
    _ operation: BatchNormalizationBackward, to launch: CLLaunch, _ pooling: FusedPooling?, _ workspace: DeviceMemory?
  ) throws(BackendError) {
    let name = operation.title
    let all = BatchNormalizationTiling(operation.input.shape, on: self)
    let gradients = [operation.scaleGradient, operation.shiftGradient]
    let slope = KernelArgument.float(operation.activation.slope)
    let gradientInputs = gradientInputs(operation) + (pooling?.tensors ?? [])
    // Blocks are of pixels, or of squares of them.
    let tiling = pooling?.tiling ?? all
    let definitions = tiling.definitions(operation.activation, accumulate: operation.accumulate)
    let file = pooling == nil ? "batch_normalization.cl" : "batch_normalization_pooling.cl"
    let sides = pooling?.sides ?? []
    let space = try self.workspace(workspace, byteCount: workspaceByteCount(operation), for: name)
    let means = try region(of: space, byteOffset: tiling.partialsByteCount, byteCount: tiling.meansByteCount)
    try launch.add(
      pooling == nil ? "gradient_blocks" : "gradient_squares", in: file, definitions: definitions,
      arguments: gradientInputs + [.memory(space)] + tiling.extents + [.uint(tiling.blocks)] + sides + [slope],
      over: tiling.range(blocks: tiling.blocks))
    try launch.add(
      "gradient_sums", in: "batch_normalization.cl", definitions: definitions,
      arguments: [.memory(space), .memory(means)] + gradients.map { .vector($0) } + all.extents + [
        .uint(tiling.blocks)
      ],
      over: tiling.range(blocks: 1))
    try launch.add(
      pooling == nil ? "input_gradient" : "input_gradient_squares", in: file, definitions: definitions,
      arguments: gradientInputs + [.memory(means), .tensor(operation.inputGradient)] + tiling.extents + sides + [slope],
      over: tiling.range(blocks: tiling.blocks))
  }

  private func gradientInputs(_ operation: BatchNormalizationBackward) -> [KernelArgument] {
    let vectors = [operation.scale, operation.shift, operation.savedMean, operation.savedInverseDeviation]
    return [.tensor(operation.input)] + vectors.map { .vector($0) } + [.tensor(operation.outputGradient)]
  }
}
