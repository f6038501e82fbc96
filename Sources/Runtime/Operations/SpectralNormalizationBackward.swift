/// The gradient of weights from that of their normalized copy, in place, u and v taken for constants (Miyato et al. 2018,
/// equation 12):
///
/// gradient ← (gradient − ⟨gradient, output⟩ · v uᵀ) / σ
public struct SpectralNormalizationBackward: Operation {
  public static let name = SpectralNormalizationForward.name
  public var pass: Pass { .backward }

  /// What the forward operation wrote: `[KH, KW, I, O]`, dense.
  public let output: Tensor
  /// u: O elements.
  public let outputVector: Tensor
  /// v: KH · KW · I elements.
  public let inputVector: Tensor
  /// σ: one element.
  public let norm: Tensor
  /// Of `output` before, of the weights after: same shape as `output`, dense.
  public let gradient: Tensor

  public init(
    output: Tensor,
    outputVector: Tensor,
    inputVector: Tensor,
    norm: Tensor,
    gradient: Tensor
  ) {
    self.output = output
    self.outputVector = outputVector
    self.inputVector = inputVector
    self.norm = norm
    self.gradient = gradient
  }

  public var reads: [Tensor] { [output, outputVector, inputVector, norm, gradient] }
  public var writes: [Tensor] { [gradient] }
  public var floatingPointOperations: Int { 6 * gradient.shape.count }

  public func workspaceByteCount(on backend: any Backend) -> Int { backend.workspaceByteCount(self) }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self, workspace: workspace)
  }
}
