/// Kernel size, stride and zero padding of a convolution, the same along both axes but for the kernel's two extents.
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

/// One pass of a convolution or of a transposed convolution, as both backends compute it.
///
/// A convolution with stride s and padding p relates an *image* to a *map*: along each axis, pixel v of the map and
/// pixel v · s + i − p of the image meet at tap i of the kernel. Both sides hold the N images of a batch. Every pass
/// computes one of three tensors from the other two:
///
///     map(v, k)        = bias(k) + Σ image(v · s + i − p, c) · weights(i, c, k)
///     image(y, c)      = bias(c) + Σ map(v, k) · weights(i, c, k)      over v · s + i − p = y
///     weights(i, c, k) = Σ image(v · s + i − p, c) · map(v, k)
///
/// The first two are called *data sums* (forward passes and gradients of inputs), the third is the *filter sum*
/// (gradients of weights). A transposed convolution is the second, with its input as the map, its output as the image,
/// and the map's channels as its weights' input channels.
public struct ConvolutionProblem {
  /// The tensor that is computed.
  public enum Target: Sendable { case map, image, weights }
  /// A side of the convolution.
  public enum Side: Sendable { case image, map }

  public let target: Target
  /// `[N, H, W, C]`, or its gradient: the side that the stride samples. The map has about one pixel for every `stride`
  /// of its pixels along each axis.
  public var image: Tensor
  /// `[N, H′, W′, K]`, or its gradient.
  public var map: Tensor
  /// `[kernelHeight, kernelWidth, input channels, output channels]`, dense, or their gradient.
  public var weights: Tensor
  /// A vector of the weights' output channels, or its gradient.
  public var bias: Tensor?
  /// Mean and biased variance of each channel of the map, `[1, 1, 2, K]`; not computed where nil.
  public var statistics: Tensor?
  public let geometry: ConvolutionGeometry
  /// The side whose channels are the weights' input channels.
  public let weightsInput: Side
  /// Add to the gradients of weights and bias instead of overwriting them.
  public var accumulate: Bool

  public init(
    target: Target, image: Tensor, map: Tensor, weights: Tensor, bias: Tensor? = nil, statistics: Tensor? = nil,
    geometry: ConvolutionGeometry, weightsInput: Side, accumulate: Bool = false
  ) {
    self.target = target
    self.image = image
    self.map = map
    self.weights = weights
    self.bias = bias
    self.statistics = statistics
    self.geometry = geometry
    self.weightsInput = weightsInput
    self.accumulate = accumulate
  }
}

extension ConvolutionProblem {
  /// The operation's name in every tree: `Convolution` or `TransposedConvolution`.
  public var operation: String { weightsInput == .image ? ConvolutionForward.name : TransposedConvolutionForward.name }

  /// The operation's pass: a data sum that reads the weights transposed is the gradient of one that does not.
  public var pass: Pass {
    target == .weights ? .backwardFilter : readsWeightsTransposed ? .backwardData : .forward
  }

  /// The problem in messages: `Convolution backwardData`.
  public var title: String { "\(operation) \(pass.rawValue)" }

  /// The side that a data sum reads; without meaning for target `weights`.
  public var source: Tensor { target == .image ? map : image }
  /// The side that a data sum computes; without meaning for target `weights`.
  public var result: Tensor { target == .image ? image : map }
  /// The side whose channels are the weights' input channels.
  public var inputSide: Tensor { weightsInput == .image ? image : map }
  /// The side whose channels are the weights' output channels.
  public var outputSide: Tensor { weightsInput == .image ? map : image }

  /// Whether a data sum multiplies with transposed weight matrices: its source has the weights' output channels.
  public var readsWeightsTransposed: Bool { (target == .map) != (weightsInput == .image) }

  /// Tensors whose old contents matter.
  public var reads: [Tensor] {
    target == .weights
      ? [inputSide, outputSide] + (accumulate ? writes : [])
      : [source, weights, bias].compactMap { $0 }
  }

  /// Tensors that are computed.
  public var writes: [Tensor] {
    target == .weights
      ? [weights, bias].compactMap { $0 }
      : [result, statistics].compactMap { $0 }
  }

  /// Multiply-adds of the direct method, padding counted.
  public var multiplyAdds: Int { geometry.multiplyAdds(output: map.shape, inputChannels: image.shape.channels) }
}

/// A pass of a convolution: an operation that is its `problem`.
public protocol ConvolutionOperation: Operation {
  var problem: ConvolutionProblem { get }
}

extension ConvolutionOperation {
  public var pass: Pass { problem.pass }

  public var reads: [Tensor] { problem.reads }
  public var writes: [Tensor] { problem.writes }

  public var floatingPointOperations: Int {
    2 * problem.multiplyAdds + statisticsOperations
  }

  public var leastFloatingPointOperations: Int { 2 * problem.leastMultiplyAdds + statisticsOperations }

  private var statisticsOperations: Int { problem.statistics == nil ? 0 : 4 * problem.map.shape.count }

  public func validate() throws(BackendError) {
    let (geometry, image, map) = (problem.geometry, problem.image, problem.map)
    let kernel =
      "\(geometry.kernelHeight)×\(geometry.kernelWidth) kernel with stride \(geometry.stride) and padding "
      + "\(geometry.padding)"
    try require(
      min(geometry.kernelHeight, geometry.kernelWidth, geometry.stride) > 0 && geometry.padding >= 0,
      "a \(kernel) is impossible")
    try require(.float32, in: image, map, problem.weights)
    try require(
      image.shape.height + 2 * geometry.padding >= geometry.kernelHeight
        && image.shape.width + 2 * geometry.padding >= geometry.kernelWidth
        && geometry.outputShape(of: image.shape, outputChannels: map.shape.channels) == map.shape,
      "\(image.storage.name) of \(image.shape) and \(map.storage.name) of \(map.shape) do not fit a \(kernel)")
    let channels = problem.outputSide.shape.channels
    try requireShape(
      Shape(geometry.kernelHeight, geometry.kernelWidth, problem.inputSide.shape.channels, channels),
      of: problem.weights)
    try requireDense(problem.weights)
    if let bias = problem.bias { try requireVector(bias, count: channels) }
    if let statistics = problem.statistics { try requireStatistics(statistics, channels: map.shape.channels) }
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation {
    try backend.plan(problem)
  }
}
