import Runtime

/// What the best method of a convolution's pass depends on: the operation, its sizes, and how its tensors lie in memory.
public struct ConvolutionKey: Codable, Hashable, Sendable {
  /// `Convolution` or `TransposedConvolution`.
  public let operation: String
  public let pass: Pass
  public let geometry: ConvolutionGeometry
  /// The tensor whose channels are the weights' input channels, as it is or its gradient.
  public let input: Shape
  /// Distance between two of its pixels, in elements.
  public let inputStride: Int
  /// The tensor whose channels are the weights' output channels, as it is or its gradient.
  public let output: Shape
  /// Distance between two of its pixels, in elements.
  public let outputStride: Int
  /// Whether there is a bias, or a gradient of one.
  public let hasBias: Bool

  init(
    operation: String, pass: Pass, geometry: ConvolutionGeometry, input: Tensor, output: Tensor, hasBias: Bool
  ) {
    self.operation = operation
    self.pass = pass
    self.geometry = geometry
    self.input = input.shape
    inputStride = input.pixelStride
    self.output = output.shape
    outputStride = output.pixelStride
    self.hasBias = hasBias
  }
}

extension ConvolutionKey: CustomStringConvertible {
  /// `Convolution backwardData 64×32×32×64 → 64×32×32×64, 3×3`
  public var description: String { "\(operation) \(pass.rawValue) \(sizes)" }

  /// `64×32×32×64 → 64×32×32×64, 3×3`
  public var sizes: String {
    "\(input) → \(output), \(geometry.kernelHeight)×\(geometry.kernelWidth)"
      + (geometry.stride > 1 ? " stride \(geometry.stride)" : "")
  }
}
