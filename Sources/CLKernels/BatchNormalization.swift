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
            + [.tensor(operation.output)] + tiling.extents + [.uint(operation.population)] + operation.factors
            + [.float(operation.activation.slope)],
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
    if pixels.hasFewPixels {
      let pooling = operation.pooling.map { FusedPooling($0, of: operation.outputGradient, on: self) }
      return plan(operation.title) { (launch) throws(BackendError) in
        try launch.add(
          "few_pixel_gradients", in: "batch_normalization_few_pixels.cl",
          definitions: pixels.definitions(operation.activation, pooled: pooling != nil),
          arguments: operation.inputs + (pooling?.tensors ?? []) + (pooling?.sides ?? [])
            + [.array(operation.scaleGradient), .array(operation.shiftGradient), .tensor(operation.inputGradient)]
            + pixels.extents
            + [.int(operation.accumulate ? 1 : 0), .float(operation.activation.slope)],
          over: pixels.range(blocks: 1))
      }
    }
    let stages = GradientStages(operation, on: self)
    let byteCount = stages.partialsByteCount + pixels.meansByteCount
    return plan(operation.title, workspaceByteCount: byteCount) { [self] (launch, workspace) throws(BackendError) in
      let means = try region(of: workspace, byteOffset: stages.partialsByteCount, byteCount: pixels.meansByteCount)
      try stages.addMeans(
        [.memory(means), .ulong(0)], over: operation.input.shape.pixelCount, partials: workspace, to: launch)
      try stages.addInputGradient([.memory(means), .ulong(0)], to: launch)
    }
  }

  public func plan(_ operation: BatchNormalizationGradientMeans) -> PlannedOperation {
    let stages = GradientStages(operation.gradients, on: self)
    return plan(operation.title, workspaceByteCount: stages.partialsByteCount) {
      (launch, partials) throws(BackendError) in
      try stages.addMeans([.array(operation.means)], over: operation.population, partials: partials, to: launch)
    }
  }

  public func plan(_ operation: BatchNormalizationInputGradient) -> PlannedOperation {
    let stages = GradientStages(operation.gradients, on: self)
    return plan(operation.title) { (launch) throws(BackendError) in
      try stages.addInputGradient([.array(operation.means)], to: launch)
    }
  }
}

/// The three stages of the backward pass: sums of blocks, their totals, the input's gradient. Blocks are of pixels, or
/// of squares of them.
private struct GradientStages {
  private let gradients: BatchNormalizationBackward
  private let pooling: FusedPooling?
  private let pixels: BatchNormalizationTiling
  private let tiling: BatchNormalizationTiling

  init(_ gradients: BatchNormalizationBackward, on backend: CLBackend) {
    self.gradients = gradients
    pooling = gradients.pooling.map { FusedPooling($0, of: gradients.outputGradient, on: backend) }
    pixels = BatchNormalizationTiling(gradients.input.shape, on: backend)
    tiling = pooling?.tiling ?? pixels
  }

  var partialsByteCount: Int { tiling.partialsByteCount }

  private var definitions: KeyValuePairs<String, any KernelConstant> { tiling.definitions(gradients.activation) }
  private var file: String { pooling == nil ? "batch_normalization.cl" : "batch_normalization_pooling.cl" }
  private var inputs: [KernelArgument] { gradients.inputs + (pooling?.tensors ?? []) }
  private var last: [KernelArgument] { (pooling?.sides ?? []) + [.float(gradients.activation.slope)] }

  /// Appends the gradients of scale and shift, and the means.
  /// - Parameters:
  ///   - means: The parameters of an `ARRAY`.
  ///   - population: The pixels that the means are over.
  func addMeans(
    _ means: [KernelArgument], over population: Int, partials: DeviceMemory, to launch: CLLaunch
  ) throws(BackendError) {
    try launch.add(
      pooling == nil ? "gradient_blocks" : "gradient_squares", in: file, definitions: definitions,
      arguments: inputs + [.memory(partials)] + tiling.extents + [.uint(tiling.blocks)] + last,
      over: tiling.range(blocks: tiling.blocks))
    try launch.add(
      "gradient_sums", in: "batch_normalization.cl", definitions: definitions,
      arguments: [.memory(partials)] + means
        + [
          .array(gradients.scaleGradient), .array(gradients.shiftGradient), .uint(pixels.channels), .uint(population),
          .uint(tiling.blocks), .int(gradients.accumulate ? 1 : 0),
        ],
      over: tiling.range(blocks: 1))
  }

  /// Appends the input's gradient from the means.
  func addInputGradient(_ means: [KernelArgument], to launch: CLLaunch) throws(BackendError) {
    try launch.add(
      pooling == nil ? "input_gradient" : "input_gradient_squares", in: file, definitions: definitions,
      arguments: inputs + means + [.tensor(gradients.inputGradient)] + tiling.extents + last,
      over: tiling.range(blocks: tiling.blocks))
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
        + [channels, .uint(population), pooling.squares] + pooling.sides + factors + [slope],
      over: range)
  }

  /// ε, momentum and 1 − momentum.
  fileprivate var factors: [KernelArgument] {
    [.float(epsilon), .float(momentum), .float(Float(1 - Double(momentum)))]
  }
}
