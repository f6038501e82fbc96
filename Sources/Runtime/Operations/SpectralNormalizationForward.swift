/// Weights divided by an estimate of their spectral norm, after one step of power iteration (Miyato et al. 2018, algorithm 1):
///
/// with A the weights as a matrix of R = KH · KW · I rows and O columns,
/// v ← A u / ‖A u‖;  u ← Aᵀ v / ‖Aᵀ v‖;  σ = vᵀ A u;  output = weights / σ
///
/// `SpectralNormalizationBackward` turns gradients of the output into gradients of the weights.
public struct SpectralNormalizationForward: Operation {
  public static let name = "SpectralNormalization"
  public var pass: Pass { .forward }

  /// `[KH, KW, I, O]`, dense.
  public let weights: Tensor
  /// u: O elements, from one call to the next an ever better singular vector. Any nonzero numbers to begin with.
  public let outputVector: Tensor
  /// v: R elements.
  public let inputVector: Tensor
  /// σ: one element.
  public let norm: Tensor
  /// Same shape as `weights`, dense.
  public let output: Tensor

  /// Added to no norm: smaller ones count as this, as in PyTorch.
  public static let epsilon: Float = 1e-12

  public init(
    weights: Tensor,
    outputVector: Tensor,
    inputVector: Tensor,
    norm: Tensor,
    output: Tensor
  ) {
    self.weights = weights
    self.outputVector = outputVector
    self.inputVector = inputVector
    self.norm = norm
    self.output = output
  }

  public var reads: [Tensor] { [weights, outputVector] }
  public var writes: [Tensor] { [outputVector, inputVector, norm, output] }
  public var floatingPointOperations: Int { 5 * weights.shape.count }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
