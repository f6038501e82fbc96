/// Max-pooling over 2×2 squares of what a batch normalization writes, as `MaxPoolingForward` does it, in the same pass over
/// memory.
public struct BatchNormalizationPooling {
  /// `[N, H / 2, W / 2, C]`: forward the maxima, backward their gradients.
  public let output: Tensor
  /// Place of each maximum in its square, `2 y + x`, as `uint8`; shape of `output`. Forward writes it, backward reads it.
  public let indices: Tensor

  public init(output: Tensor, indices: Tensor) {
    self.output = output
    self.indices = indices
  }

  var tensors: [Tensor] { [output, indices] }
}
