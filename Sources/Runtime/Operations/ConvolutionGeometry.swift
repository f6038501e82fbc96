/// Kernel size, stride and zero padding of a convolution, the same in both directions but for the kernel's two sides.
public struct ConvolutionGeometry: Codable, Hashable, Sendable {
  public var kernelHeight: Int
  public var kernelWidth: Int
  public var stride: Int
  public var padding: Int

  public init(kernelHeight: Int, kernelWidth: Int, stride: Int = 1, padding: Int = 0) {
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padding = padding
  }

  /// A square kernel.
  public init(kernel: Int, stride: Int = 1, padding: Int = 0) {
    self.init(kernelHeight: kernel, kernelWidth: kernel, stride: stride, padding: padding)
  }

  /// Number of kernel positions: kernelHeight · kernelWidth.
  public var taps: Int { kernelHeight * kernelWidth }

  /// `[N, H′, W′, outputChannels]` of a convolution of `input`.
  public func outputShape(of input: Shape, outputChannels: Int) -> Shape {
    Shape(
      input.batch, (input.height + 2 * padding - kernelHeight) / stride + 1,
      (input.width + 2 * padding - kernelWidth) / stride + 1, outputChannels)
  }

  /// `[N, H′, W′, outputChannels]` of a transposed convolution of `input`.
  public func transposedOutputShape(of input: Shape, outputChannels: Int, outputPadding: Int) -> Shape {
    Shape(
      input.batch, (input.height - 1) * stride - 2 * padding + kernelHeight + outputPadding,
      (input.width - 1) * stride - 2 * padding + kernelWidth + outputPadding, outputChannels)
  }

  /// Multiply-adds of the direct method, padding counted: output elements · taps · input channels.
  public func multiplyAdds(output: Shape, inputChannels: Int) -> Int { output.count * taps * inputChannels }
}
