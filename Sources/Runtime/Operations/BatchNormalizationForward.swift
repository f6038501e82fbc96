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
  /// μ and σ² of x where the convolution before this one has found them (`ConvolutionForward.statistics`),
  /// `[1, 1, 2, C]`; they are found here where nil.
  public let statistics: Tensor?
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
    input: Tensor,
    statistics: Tensor? = nil,
    scale: Tensor,
    shift: Tensor,
    runningMean: Tensor,
    runningVariance: Tensor,
    savedMean: Tensor,
    savedInverseDeviation: Tensor,
    output: Tensor,
    pooling: BatchNormalizationPooling? = nil,
    activation: Activation? = nil,
    epsilon: Float = 1e-5,
    momentum: Float = 0.1
  ) {
    self.input = input
    self.statistics = statistics
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

  public var reads: [Tensor] {
    [input, scale, shift, runningMean, runningVariance] + (statistics.map { [$0] } ?? [])
  }
  public var writes: [Tensor] {
    [runningMean, runningVariance, savedMean, savedInverseDeviation, output] + (pooling?.tensors ?? [])
  }
  public var floatingPointOperations: Int {
    ((statistics == nil ? 8 : 4) + (pooling == nil ? 0 : 1)) * input.shape.count
  }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
