import Runtime

/// The conditional DCGAN's discriminator (after Radford, Metz and Chintala 2015): given a gray image with colors,
/// predicts whether the colors are real.
///
/// Four convolutions 4×4 of stride 2, each with LeakyReLU 0.2 and all but the first with batch norm; then a convolution
/// 2×2 without padding to logits, one of them at 32×32. The weights of all five may be divided by their spectral norms
/// (Miyato et al. 2018).
public struct Discriminator: Network {
  /// LeakyReLU's slope below zero in a DCGAN.
  private static let slope: Float = 0.2

  /// The gray channel and the colors.
  public let inputChannels: Int
  public let parameters: ParameterSet
  private let convolutions: [ConvolutionLayer]
  private let firstActivation: ActivationLayer
  private let normalizations: [BatchNormalizationLayer]
  private let output: ConvolutionLayer

  public init(_ configuration: ModelConfiguration, spectralNorm: Bool = false) {
    let weights = configuration.kind.trainingStep.initialWeights
    let geometry = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)
    let width = configuration.width
    inputChannels = 1 + configuration.encoding.colorChannels
    let parameters = ParameterSet()
    self.parameters = parameters
    var convolutions: [ConvolutionLayer] = []
    var normalizations: [BatchNormalizationLayer] = []
    for level in 0..<4 {
      convolutions.append(
        ConvolutionLayer(
          "unit\(level + 1).0", from: level == 0 ? inputChannels : width << (level - 1), to: width << level,
          geometry, weights: weights, feedsBatchNorm: level > 0, spectralNorm: spectralNorm, in: parameters))
      if level > 0 {
        normalizations.append(
          BatchNormalizationLayer("unit\(level + 1).1", channels: width << level, slope: Self.slope, in: parameters))
      }
    }
    self.convolutions = convolutions
    self.normalizations = normalizations
    firstActivation = ActivationLayer(name: "unit1.1", activation: .leakyReLU(slope: Self.slope))
    output = ConvolutionLayer(
      "unit5.0", from: width << 3, to: 1, ConvolutionGeometry(kernel: 2), weights: weights,
      spectralNorm: spectralNorm, in: parameters)
  }

  /// Emits the division of the weights by their spectral norms, none without `spectralNorm`; for tapes that are to read
  /// the divided weights.
  func normalizedWeights(_ label: String, _ builder: PlanBuilder) -> SpectralWeights {
    let weights = SpectralWeights()
    for convolution in convolutions + [output] {
      convolution.normalizeWeights(of: parameters, label, into: weights, builder)
    }
    return weights
  }

  /// Emits the network: `[N, H, W, inputChannels]` to logits `[N, H / 16 − 1, W / 16 − 1, 1]`.
  public func callAsFunction(
    _ input: Tensor, into destination: Tensor?, needsInputGradient: Bool, _ tape: Tape
  ) -> Tensor {
    var map = firstActivation(convolutions[0](input, needsInputGradient: needsInputGradient, tape), tape)
    for (convolution, normalization) in zip(convolutions.dropFirst(), normalizations) {
      map = normalization(convolution(map, tape), tape)
    }
    return output(map, into: destination, tape)
  }
}
