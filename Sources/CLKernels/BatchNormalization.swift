import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: BatchNormalizationForward) -> Int {
    BatchNormalizationTiling(operation.input.shape, on: self).partialsByteCount
  }

  public func workspaceByteCount(_ operation: BatchNormalizationBackward) -> Int {
    let tiling = BatchNormalizationTiling(operation.input.shape, on: self)
    return tiling.hasFewPixels ? 0 : tiling.partialsByteCount + tiling.meansByteCount
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
    let partials = try self.workspace(workspace, byteCount: workspaceByteCount(operation), for: name)
    let launch = CLLaunch(name, on: self)
    try launch.add(
      "statistics_blocks", in: "batch_normalization.cl", definitions: tiling.definitions(operation.activation),
      arguments: [.tensor(operation.input), .memory(partials)] + tiling.extents + [.uint(tiling.blocks)],
      over: tiling.range(blocks: tiling.blocks))
    try launch.add(
      "statistics", in: "batch_normalization.cl", definitions: tiling.definitions(operation.activation),
      arguments: [
        .memory(partials), .vector(operation.savedMean), .vector(operation.savedInverseDeviation),
        .vector(operation.runningMean), .vector(operation.runningVariance),
      ] + tiling.extents + [
        .uint(tiling.blocks), .float(operation.epsilon), .float(operation.momentum),
        .float(Float(1 - Double(operation.momentum))),
      ],
      over: tiling.range(blocks: 1))
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
    let tiling = BatchNormalizationTiling(operation.input.shape, on: self)
    let definitions = tiling.definitions(operation.activation, accumulate: operation.accumulate)
    let slope = KernelArgument.float(operation.activation.slope)
    let gradientInputs: [KernelArgument] =
      [.tensor(operation.input)] + inputs.map { .vector($0) } + [.tensor(operation.outputGradient)]
    let launch = CLLaunch(name, on: self)
    if tiling.hasFewPixels {
      try launch.add(
        "few_pixel_gradients", in: "batch_normalization.cl", definitions: definitions,
        arguments: gradientInputs + gradients.map { .vector($0) } + [.tensor(operation.inputGradient)] + tiling.extents
          + [slope],
        over: tiling.range(blocks: 1))
      return launch
    }
    let space = try self.workspace(workspace, byteCount: workspaceByteCount(operation), for: name)
    let means = try region(of: space, byteOffset: tiling.partialsByteCount, byteCount: tiling.meansByteCount)
    try launch.add(
      "gradient_blocks", in: "batch_normalization.cl", definitions: definitions,
      arguments: gradientInputs + [.memory(space)] + tiling.extents + [.uint(tiling.blocks), slope],
      over: tiling.range(blocks: tiling.blocks))
    try launch.add(
      "gradient_sums", in: "batch_normalization.cl", definitions: definitions,
      arguments: [.memory(space), .memory(means)] + gradients.map { .vector($0) } + tiling.extents + [
        .uint(tiling.blocks)
      ],
      over: tiling.range(blocks: 1))
    try launch.add(
      "input_gradient", in: "batch_normalization.cl", definitions: definitions,
      arguments: gradientInputs + [.memory(means), .tensor(operation.inputGradient)] + tiling.extents + [slope],
      over: tiling.range(blocks: tiling.blocks))
    return launch
  }
}

/// How batch normalization divides `[pixels][channels]`: blocks of pixels, by the channels that a group takes. It decides
/// the bits of the result, and depends on nothing but the shape, the kind of bodies and the device's largest group.
private struct BatchNormalizationTiling {
  let channels: Int
  let pixels: Int
  /// Pixels of a block.
  let block: Int
  /// CPU bodies: neighbouring channels of a work-item.
  let vector: Int
  /// GPU bodies: work-items of a group along the channels and along the pixels.
  let lanes: Int
  let rows: Int
  private let bodies: KernelBodies
  private let regionAlignment: Int

  init(_ shape: Shape, on backend: CLBackend) {
    channels = shape.channels
    pixels = shape.pixelCount
    bodies = backend.bodies
    regionAlignment = backend.regionAlignment
    vector = [16, 8, 4, 2].first { shape.channels.isMultiple(of: $0) } ?? 1
    var lanes = 32
    while lanes > 4, lanes / 2 >= shape.channels { lanes /= 2 }
    self.lanes = lanes
    rows = max(1, backend.reductionGroupSize / lanes)

    var block = 256
    if bodies == .gpu {
      // Enough groups to fill a large GPU, where the tensor is large enough for that.
      let channelGroups = (shape.channels + lanes - 1) / lanes
      while block > 32, shape.pixelCount / block * channelGroups < 1024 { block /= 2 }
    }
    // GPUs allow at least 65,535 groups in direction 1.
    while shape.pixelCount / block >= 32_768 { block *= 2 }
    self.block = block
  }

  /// Whether the backward pass needs more than single precision: of so few pixels hardly anything of the gradient is left.
  var hasFewPixels: Bool { pixels <= 8 }

  var blocks: Int { (pixels + block - 1) / block }

  /// Two floats for each block and channel, and room up to the next place where a region may start.
  var partialsByteCount: Int {
    let byteCount = 2 * blocks * channels * 4
    return (byteCount + regionAlignment - 1) / regionAlignment * regionAlignment
  }

  /// The backward pass's two means for each channel.
  var meansByteCount: Int { 2 * channels * 4 }

  var extents: [KernelArgument] { [.uint(channels), .uint(pixels)] }

  func definitions(_ activation: Activation?, accumulate: Bool = false, inference: Bool = false)
    -> KeyValuePairs<String, any KernelConstant>
  {
    switch bodies {
    case .cpu:
      [
        "BLOCK": block, "VECTOR": vector, "ACTIVATION": activation.constant, "ACCUMULATE": accumulate,
        "INFERENCE": inference,
      ]
    case .gpu:
      [
        "BLOCK": block, "LANES": lanes, "ROWS": rows, "ACTIVATION": activation.constant, "ACCUMULATE": accumulate,
        "INFERENCE": inference,
      ]
    }
  }

  func range(blocks: Int) -> CLRange {
    switch bodies {
    case .cpu: CLRange(groups: (channels / vector, blocks, 1), local: (1, 1, 1))
    case .gpu: CLRange(groups: ((channels + lanes - 1) / lanes, blocks, 1), local: (lanes, rows, 1))
    }
  }
}
