/// Weights divided by an estimate of their spectral norm, after one step of power iteration (Miyato et al. 2018,
/// algorithm 1):
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

  /// Lower bound of a norm, as in PyTorch.
  public static let epsilon: Float = 1e-12

  public init(weights: Tensor, outputVector: Tensor, inputVector: Tensor, norm: Tensor, output: Tensor) {
    self.weights = weights
    self.outputVector = outputVector
    self.inputVector = inputVector
    self.norm = norm
    self.output = output
  }

  public var reads: [Tensor] { [weights, outputVector] }
  public var writes: [Tensor] { [outputVector, inputVector, norm, output] }
  public var floatingPointOperations: Int { 5 * weights.shape.count }

  public func validate() throws(BackendError) {
    try requireSpectral([weights, output], outputVector, inputVector, norm)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// The gradient of weights from that of their normalized copy, in place, u and v taken for constants (Miyato et al.
/// 2018, equation 12):
///
/// gradient ← (gradient − ⟨gradient, output⟩ · v uᵀ) / σ
public struct SpectralNormalizationBackward: Operation {
  public static let name = SpectralNormalizationForward.name
  public var pass: Pass { .backward }

  /// Written by the forward operation: `[KH, KW, I, O]`, dense.
  public let output: Tensor
  /// u: O elements.
  public let outputVector: Tensor
  /// v: KH · KW · I elements.
  public let inputVector: Tensor
  /// σ: one element.
  public let norm: Tensor
  /// Of `output` before, of the weights after: same shape as `output`, dense.
  public let gradient: Tensor

  public init(output: Tensor, outputVector: Tensor, inputVector: Tensor, norm: Tensor, gradient: Tensor) {
    self.output = output
    self.outputVector = outputVector
    self.inputVector = inputVector
    self.norm = norm
    self.gradient = gradient
  }

  public var reads: [Tensor] { [output, outputVector, inputVector, norm, gradient] }
  public var writes: [Tensor] { [gradient] }
  public var floatingPointOperations: Int { 6 * gradient.shape.count }

  public func validate() throws(BackendError) {
    try requireSpectral([output, gradient], outputVector, inputVector, norm)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

extension Operation {
  /// Throws unless the matrices have one shape and are dense, and the vectors fit them.
  fileprivate func requireSpectral(
    _ matrices: [Tensor], _ outputVector: Tensor, _ inputVector: Tensor, _ norm: Tensor
  ) throws(BackendError) {
    try requireSameShape(matrices)
    for matrix in matrices { try requireVector(matrix, count: matrix.shape.count) }
    try requireVector(outputVector, count: matrices[0].shape.channels)
    try requireVector(inputVector, count: matrices[0].shape.pixelCount)
    try requireVector(norm, count: 1)
  }
}
