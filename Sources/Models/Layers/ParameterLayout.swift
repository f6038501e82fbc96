/// How a parameter is laid out in a file, where it differs from memory.
///
/// Memory keeps every kernel as `[kernelHeight, kernelWidth, inputChannels, outputChannels]`; files keep PyTorch's order.
public enum ParameterLayout: Sendable {
  /// Files: `[outputChannels, inputChannels, kernelHeight, kernelWidth]`.
  case convolution
  /// Files: `[inputChannels, outputChannels, kernelHeight, kernelWidth]`.
  case transposedConvolution
  /// Files: `[count]`.
  case vector
}
