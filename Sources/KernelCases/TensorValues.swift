import Runtime

/// What a tensor holds, or is to hold. The values of `uint8` and `uint32` tensors are whole numbers in range, those of
/// `float32` tensors that a device is given are floats.
public struct TensorValues {
  public let tensor: Tensor
  /// Same shape as `tensor`.
  public let values: HostTensor

  public init(_ tensor: Tensor, _ values: HostTensor) {
    precondition(tensor.shape == values.shape, "\(tensor.storage.name): \(tensor.shape) given \(values.shape)")
    self.tensor = tensor
    self.values = values
  }
}
