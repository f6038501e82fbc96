/// Gradients of batch normalization with batch statistics and the activation on top of it.
///
/// With g = outputGradient · activation′(γ x̂ + β), x̂ = (x − μ) · inverseDeviation, m = N · H · W:
/// ∂β = Σ g;  ∂γ = Σ g x̂;  inputGradient = γ · inverseDeviation · (g − ∂β / m − x̂ · ∂γ / m).
///
/// With `pooling`, the gradient of each maximum is first added to `outputGradient` at the maximum's place.
///
/// The activation's derivative is recomputed from `input`. `inputGradient` may be `outputGradient` itself.
public struct BatchNormalizationBackward: Operation {
  public static let name = "BatchNormalization"
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
  /// Gradient by way of the output's pooling; nil for none.
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
    input: Tensor,
    scale: Tensor,
    shift: Tensor,
    savedMean: Tensor,
    savedInverseDeviation: Tensor,
    outputGradient: Tensor,
    pooling: BatchNormalizationPooling? = nil,
    inputGradient: Tensor,
    scaleGradient: Tensor,
    shiftGradient: Tensor,
    accumulate: Bool = false,
    activation: Activation? = nil
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

  public var reads: [Tensor] {
    [input, scale, shift, savedMean, savedInverseDeviation, outputGradient] + (pooling?.tensors ?? [])
      + (accumulate ? [scaleGradient, shiftGradient] : [])
  }
  public var writes: [Tensor] { [inputGradient, scaleGradient, shiftGradient] }
  public var floatingPointOperations: Int { 12 * input.shape.count }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
