import Runtime

/// The U-Net of the study (after Ronneberger, Fischer and Brox 2015): five double units down, four up, each upward one fed by
/// the upsampled map and the map of the same size from the way down; then a convolution 1×1 to the colors: three, or a* and b* of CIELAB.
public struct UNet {
  /// Number of times the way down halves the maps.
  private static let halvings = 4

  public let parameters: ParameterSet
  private let width: Int
  private let encodingUnits: [DoubleUnit]
  private let poolings: [MaxPoolingLayer]
  private let upsamplings: [UpsamplingUnit]
  private let decodingUnits: [DoubleUnit]
  private let output: ConvolutionLayer
  /// The GAN's generator ends in tanh, the autoencoder in nothing.
  private let activation: ActivationLayer?

  public init(_ configuration: ModelConfiguration) {
    let weights: InitialValue? =
      configuration.kind == .gan ? .random(.normal(mean: 0, deviation: GANRecipe.weightDeviation)) : nil
    let parameters = ParameterSet()
    let width = configuration.width
    self.parameters = parameters
    self.width = width
    encodingUnits = (0...Self.halvings).map { level in
      DoubleUnit(
        "encoding_unit\(level + 1)", from: level == 0 ? 1 : width << (level - 1), to: width << level, weights: weights,
        in: parameters)
    }
    poolings = (1...Self.halvings).map { MaxPoolingLayer(name: "pooling\($0)") }
    let levels = (0..<Self.halvings).reversed()
    var upsamplings: [UpsamplingUnit] = []
    var decodingUnits: [DoubleUnit] = []
    for (index, level) in levels.enumerated() {
      let channels = width << level
      upsamplings.append(
        UpsamplingUnit(
          "upsampling\(index + 1)", from: 2 * channels, to: channels, kind: configuration.upsampling, weights: weights,
          in: parameters))
      decodingUnits.append(
        DoubleUnit("decoding_unit\(index + 1)", from: 2 * channels, to: channels, weights: weights, in: parameters))
    }
    self.upsamplings = upsamplings
    self.decodingUnits = decodingUnits
    output = ConvolutionLayer(
      "decoding_unit5.0", from: width, to: configuration.encoding.colorChannels, ConvolutionGeometry(kernel: 1),
      weights: weights, in: parameters)
    activation = configuration.kind == .gan ? ActivationLayer(name: "decoding_unit5.1", activation: .tanh) : nil
  }

  /// Emits the network: gray `[N, H, W, 1]` to color `[N, H, W, 3]`, in CIELAB `[N, H, W, 2]`, H and W multiples of 16.
  ///
  /// Nothing is copied for the concatenations: the way down and the upsamplings write straight into their halves.
  func callAsFunction(_ gray: Tensor, into destination: Tensor? = nil, _ tape: Tape) -> Tensor {
    let shape = gray.shape
    var concatenations: [Tensor] = []
    var map = gray
    for level in 0..<Self.halvings {
      let channels = width << level
      let concatenation = tape.tensor(
        "concatenation\(Self.halvings - level)",
        Shape(shape.batch, shape.height >> level, shape.width >> level, 2 * channels))
      concatenations.append(concatenation)
      map = encodingUnits[level](
        map, into: concatenation.channels(channels..<2 * channels), pooling: poolings[level],
        needsInputGradient: level > 0, tape)
    }
    map = encodingUnits[Self.halvings](map, tape)
    for (index, concatenation) in concatenations.reversed().enumerated() {
      upsamplings[index](map, into: concatenation.channels(0..<concatenation.shape.channels / 2), tape)
      map = decodingUnits[index](concatenation, tape)
    }
    guard let activation else { return output(map, into: destination, tape) }
    return activation(output(map, tape), into: destination, tape)
  }
}
