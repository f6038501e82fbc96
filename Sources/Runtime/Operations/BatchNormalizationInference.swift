/// Batch normalization with the running statistics, with an optional activation on top.
public struct BatchNormalizationInference: Operation {
  public static let name = "BatchNormalization"
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
    input: Tensor,
    scale: Tensor,
    shift: Tensor,
    runningMean: Tensor,
    runningVariance: Tensor,
    output: Tensor,
    activation: Activation? = nil,
    epsilon: Float = 1e-5
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

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
