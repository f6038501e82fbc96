import Runtime

/// The U-Net's building block: convolution 3×3, batch norm, LeakyReLU 0.01, twice.
struct DoubleUnit {
  /// LeakyReLU's slope below zero in the U-Net; PyTorch's default.
  private static let slope: Float = 0.01

  private let convolution1: ConvolutionLayer
  private let normalization1: BatchNormalizationLayer
  private let convolution2: ConvolutionLayer
  private let normalization2: BatchNormalizationLayer

  /// The numbers in the names are the places in PyTorch's `Sequential`, where the activations are 2 and 5.
  init(_ name: String, from inputChannels: Int, to channels: Int, weights: InitialValue?, in parameters: ParameterSet) {
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    convolution1 = ConvolutionLayer(
      "\(name).0", from: inputChannels, to: channels, geometry, weights: weights, feedsBatchNorm: true, in: parameters)
    normalization1 = BatchNormalizationLayer("\(name).1", channels: channels, slope: Self.slope, in: parameters)
    convolution2 = ConvolutionLayer(
      "\(name).3", from: channels, to: channels, geometry, weights: weights, feedsBatchNorm: true, in: parameters)
    normalization2 = BatchNormalizationLayer("\(name).4", channels: channels, slope: Self.slope, in: parameters)
  }

  /// Emits the unit and the pooling behind it, if any, whose output is then returned.
  func callAsFunction(
    _ input: Tensor, into destination: Tensor? = nil, pooling: MaxPoolingLayer? = nil, needsInputGradient: Bool = true,
    _ tape: Tape
  ) -> Tensor {
    let hidden = normalization1(convolution1(input, needsInputGradient: needsInputGradient, tape), tape)
    return normalization2(convolution2(hidden, tape), into: destination, pooling: pooling, tape)
  }
}
