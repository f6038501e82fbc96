/// Batch normalization over N, H and W with the batch's own statistics (Ioffe and Szegedy 2015, algorithm 1), with an
/// optional activation on top:
///
/// output = activation(γ · (x − μ) / √(σ² + ε) + β), σ² the biased variance;
/// running ← (1 − momentum) · running + momentum · statistic, with the unbiased variance, as PyTorch does.
public struct BatchNormalizationForward: Operation {
  public static let name = "BatchNormalization"
  public var pass: Pass { .forward }

  /// x, `[N, H, W, C]`
  public let input: Tensor
  /// μ and σ² of x where the convolution before this one has computed them (`ConvolutionForward.statistics`),
  /// `[1, 1, 2, C]`; they are computed here where nil.
  public let statistics: Tensor?
  /// The pixels that the statistics are of: those of x, or more where x is a part of a batch and `statistics` are those
  /// of the whole. They decide the unbiased variance.
  public let population: Int
  /// γ, `[C]`
  public let scale: Tensor
  /// β, `[C]`
  public let shift: Tensor
  /// `[C]`, updated.
  public let runningMean: Tensor
  /// `[C]`, updated.
  public let runningVariance: Tensor
  /// μ, `[C]`, kept for the backward pass.
  public let savedMean: Tensor
  /// 1 / √(σ² + ε), `[C]`, kept for the backward pass.
  public let savedInverseDeviation: Tensor
  /// `[N, H, W, C]`; may be a slice of channels.
  public let output: Tensor
  /// Pooling of the output; nil for none.
  public let pooling: BatchNormalizationPooling?
  public let activation: Activation?
  public let epsilon: Float
  public let momentum: Float

  public init(
    input: Tensor, statistics: Tensor? = nil, population: Int? = nil, scale: Tensor, shift: Tensor,
    runningMean: Tensor, runningVariance: Tensor, savedMean: Tensor, savedInverseDeviation: Tensor, output: Tensor,
    pooling: BatchNormalizationPooling? = nil, activation: Activation? = nil, epsilon: Float = 1e-5,
    momentum: Float = 0.1
  ) {
    self.input = input
    self.statistics = statistics
    self.population = population ?? input.shape.pixelCount
    self.scale = scale
    self.shift = shift
    self.runningMean = runningMean
    self.runningVariance = runningVariance
    self.savedMean = savedMean
    self.savedInverseDeviation = savedInverseDeviation
    self.output = output
    self.pooling = pooling
    self.activation = activation
    self.epsilon = epsilon
    self.momentum = momentum
  }

  public var reads: [Tensor] { [input, scale, shift, runningMean, runningVariance, statistics].compactMap { $0 } }
  public var writes: [Tensor] {
    [runningMean, runningVariance, savedMean, savedInverseDeviation, output] + (pooling?.tensors ?? [])
  }
  public var floatingPointOperations: Int {
    ((statistics == nil ? 8 : 4) + (pooling == nil ? 0 : 1)) * input.shape.count
  }

  public func validate() throws(BackendError) {
    try requireSameShape([input, output])
    let channels = input.shape.channels
    for vector in [scale, shift, runningMean, runningVariance, savedMean, savedInverseDeviation] {
      try requireVector(vector, count: channels)
    }
    if let statistics { try requireStatistics(statistics, channels: channels) }
    try require(
      statistics == nil ? population == input.shape.pixelCount : population >= input.shape.pixelCount,
      "statistics of \(population) pixels for \(input.shape)")
    if let pooling { try requirePooling(pooling.output, pooling.indices, of: output, window: 2) }
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// Max-pooling over 2×2 squares of what a batch normalization writes, as `MaxPoolingForward` does it, in the same pass
/// over memory.
public struct BatchNormalizationPooling {
  /// `[N, H / 2, W / 2, C]`: forward the maxima, backward their gradients.
  public let output: Tensor
  /// Place of each maximum in its square, `2 y + x`, as `uint8`; shape of `output`. Forward writes it, backward reads
  /// it.
  public let indices: Tensor

  public init(output: Tensor, indices: Tensor) {
    self.output = output
    self.indices = indices
  }

  var tensors: [Tensor] { [output, indices] }
}

/// Batch normalization with the running statistics, with an optional activation on top.
public struct BatchNormalizationInference: Operation {
  public static let name = BatchNormalizationForward.name
  public var pass: Pass { .inference }

  /// x, `[N, H, W, C]`
  public let input: Tensor
  /// γ, `[C]`
  public let scale: Tensor
  /// β, `[C]`
  public let shift: Tensor
  /// `[C]`
  public let runningMean: Tensor
  /// `[C]`
  public let runningVariance: Tensor
  /// `[N, H, W, C]`; may be a slice of channels, or `input` itself.
  public let output: Tensor
  public let activation: Activation?
  public let epsilon: Float

  public init(
    input: Tensor, scale: Tensor, shift: Tensor, runningMean: Tensor, runningVariance: Tensor, output: Tensor,
    activation: Activation? = nil, epsilon: Float = 1e-5
  ) {
    self.input = input
    self.scale = scale
    self.shift = shift
    self.runningMean = runningMean
    self.runningVariance = runningVariance
    self.output = output
    self.activation = activation
    self.epsilon = epsilon
  }

  public var reads: [Tensor] { [input, scale, shift, runningMean, runningVariance] }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { 3 * input.shape.count }

  public func validate() throws(BackendError) {
    try requireSameShape([input, output])
    for vector in [scale, shift, runningMean, runningVariance] {
      try requireVector(vector, count: input.shape.channels)
    }
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// Gradients of batch normalization with batch statistics and the activation on top of it.
///
/// With g = outputGradient · activation′(γ x̂ + β), x̂ = (x − μ) · inverseDeviation, m = N · H · W:
/// ∂β = Σ g;  ∂γ = Σ g x̂;  inputGradient = γ · inverseDeviation · (g − ∂β / m − x̂ · ∂γ / m).
///
/// With `pooling`, the gradient of each maximum is first added to `outputGradient` at the maximum's place.
///
/// The activation's derivative is recomputed from `input`. `inputGradient` may be `outputGradient` itself.
public struct BatchNormalizationBackward: Operation {
  public static let name = BatchNormalizationForward.name
  public var pass: Pass { .backward }

  /// x, `[N, H, W, C]`
  public let input: Tensor
  /// γ, `[C]`
  public let scale: Tensor
  /// β, `[C]`
  public let shift: Tensor
  public let savedMean: Tensor
  public let savedInverseDeviation: Tensor
  /// `[N, H, W, C]`; may be a slice of channels.
  public let outputGradient: Tensor
  /// Gradient of the pooled output; nil without pooling.
  public let pooling: BatchNormalizationPooling?
  /// `[N, H, W, C]`
  public let inputGradient: Tensor
  /// ∂γ, `[C]`
  public let scaleGradient: Tensor
  /// ∂β, `[C]`
  public let shiftGradient: Tensor
  /// Add to ∂γ and ∂β instead of overwriting them.
  public let accumulate: Bool
  public let activation: Activation?

  public init(
    input: Tensor, scale: Tensor, shift: Tensor, savedMean: Tensor, savedInverseDeviation: Tensor,
    outputGradient: Tensor, pooling: BatchNormalizationPooling? = nil, inputGradient: Tensor, scaleGradient: Tensor,
    shiftGradient: Tensor, accumulate: Bool = false, activation: Activation? = nil
  ) {
    self.input = input
    self.scale = scale
    self.shift = shift
    self.savedMean = savedMean
    self.savedInverseDeviation = savedInverseDeviation
    self.outputGradient = outputGradient
    self.pooling = pooling
    self.inputGradient = inputGradient
    self.scaleGradient = scaleGradient
    self.shiftGradient = shiftGradient
    self.accumulate = accumulate
    self.activation = activation
  }

  public var reads: [Tensor] { valuesRead + (accumulate ? [scaleGradient, shiftGradient] : []) }
  /// The tensors that it reads, without those that it adds to.
  var valuesRead: [Tensor] {
    [input, scale, shift, savedMean, savedInverseDeviation, outputGradient] + (pooling?.tensors ?? [])
  }
  public var writes: [Tensor] { [inputGradient, scaleGradient, shiftGradient] }
  public var floatingPointOperations: Int { 12 * input.shape.count }

  public func validate() throws(BackendError) {
    try requireSameShape([input, outputGradient, inputGradient])
    for vector in [scale, shift, savedMean, savedInverseDeviation, scaleGradient, shiftGradient] {
      try requireVector(vector, count: input.shape.channels)
    }
    if let pooling { try requirePooling(pooling.output, pooling.indices, of: outputGradient, window: 2) }
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
