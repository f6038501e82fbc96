import Runtime

/// The properties of a convolution's pass that its best algorithm depends on: operation, sizes, and the tensors'
/// layout.
public struct ConvolutionKey: Codable, Hashable, Sendable {
  /// `Convolution` or `TransposedConvolution`.
  public let operation: String
  public let pass: Pass
  public let geometry: ConvolutionGeometry
  /// Shape of the tensor whose channels are the weights' input channels, or of its gradient.
  public let input: Shape
  /// Distance between two of its pixels, in elements.
  public let inputStride: Int
  /// Shape of the tensor whose channels are the weights' output channels, or of its gradient.
  public let output: Shape
  /// Distance between two of its pixels, in elements.
  public let outputStride: Int
  /// Whether there is a bias, or a gradient of one.
  public let hasBias: Bool

  init(_ problem: ConvolutionProblem) {
    operation = problem.operation
    pass = problem.pass
    geometry = problem.geometry
    input = problem.inputSide.shape
    inputStride = problem.inputSide.pixelStride
    output = problem.outputSide.shape
    outputStride = problem.outputSide.pixelStride
    hasBias = problem.bias != nil
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
