import Runtime

/// The U-Net of the study (after Ronneberger, Fischer and Brox 2015): an encoder of five double units and a decoder of
/// four, each fed by the upsampled map and by the skip connection from the encoder's unit of the same size; then a
/// convolution 1×1 to the colors: three, or a* and b* of CIELAB.
public struct UNet: ColorNetwork {
  public static let characteristicTensor = "encoding_unit1.0.weight"

  /// Number of times that the encoder halves the maps.
  private static let halvings = 4

  public let parameters: ParameterSet
  public let inputChannels = 1
  private let width: Int
  private let encodingUnits: [DoubleUnit]
  private let poolings: [MaxPoolingLayer]
  private let upsamplings: [UpsamplingUnit]
  private let decodingUnits: [DoubleUnit]
  private let output: ConvolutionLayer
  private let activation: ActivationLayer?

  public init(_ configuration: ModelConfiguration) {
    let step = configuration.kind.trainingStep
    let weights = step.initialWeights
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
    activation = step.outputActivation.map { ActivationLayer(name: "decoding_unit5.1", activation: $0) }
  }

  public static func traits(ofTensors shapes: [String: [Int]]) -> NetworkTraits? {
    guard let width = shapes[characteristicTensor]?.first else { return nil }
    // Nearest and bilinear upsampling have the same tensors.
    return NetworkTraits(
      width: width, upsampling: shapes["upsampling1.weight"] == nil ? nil : .transposed,
      colorChannels: shapes["decoding_unit5.0.weight"]?.first)
  }

  /// Emits the network. Nothing is copied for the concatenations: the encoder and the upsamplings write into their
  /// channels of them.
  public func callAsFunction(
    _ gray: Tensor, into destination: Tensor?, needsInputGradient: Bool, _ tape: Tape
  ) -> Tensor {
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
        needsInputGradient: needsInputGradient || level > 0, tape)
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

/// The U-Net's building block: convolution 3×3, batch norm, LeakyReLU 0.01, twice.
private struct DoubleUnit {
  /// LeakyReLU's slope below zero in the U-Net; PyTorch's default.
  private static let slope: Float = 0.01

  private let convolution1: ConvolutionLayer
  private let normalization1: BatchNormalizationLayer
  private let convolution2: ConvolutionLayer
  private let normalization2: BatchNormalizationLayer

  /// The numbers in the names are indices in PyTorch's `Sequential`, where the activations are 2 and 5.
  init(_ name: String, from inputChannels: Int, to channels: Int, weights: InitialValue?, in parameters: ParameterSet) {
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    convolution1 = ConvolutionLayer(
      "\(name).0", from: inputChannels, to: channels, geometry, weights: weights, feedsBatchNorm: true, in: parameters)
    normalization1 = BatchNormalizationLayer("\(name).1", channels: channels, slope: Self.slope, in: parameters)
    convolution2 = ConvolutionLayer(
      "\(name).3", from: channels, to: channels, geometry, weights: weights, feedsBatchNorm: true, in: parameters)
    normalization2 = BatchNormalizationLayer("\(name).4", channels: channels, slope: Self.slope, in: parameters)
  }

  /// Emits the unit and the pooling that follows it, if any, whose output is then returned.
  func callAsFunction(
    _ input: Tensor, into destination: Tensor? = nil, pooling: MaxPoolingLayer? = nil, needsInputGradient: Bool = true,
    _ tape: Tape
  ) -> Tensor {
    let hidden = normalization1(convolution1(input, needsInputGradient: needsInputGradient, tape), tape)
    return normalization2(convolution2(hidden, tape), into: destination, pooling: pooling, tape)
  }
}

/// A decoder's unit that doubles the maps and halves the channels: a transposed convolution, or an upsampling and a
/// convolution.
private struct UpsamplingUnit {
  private let upsampling: UpsamplingLayer?
  private let convolution: ConvolutionLayer

  init(
    _ name: String, from inputChannels: Int, to channels: Int, kind: UpsamplingKind, weights: InitialValue?,
    in parameters: ParameterSet
  ) {
    let mode: UpsamplingMode? =
      switch kind {
      case .transposed: nil
      case .nearest: .nearest
      case .bilinear: .bilinear
      }
    if let mode {
      upsampling = UpsamplingLayer(name: "\(name).0", mode: mode)
      convolution = ConvolutionLayer(
        "\(name).1", from: inputChannels, to: channels, ConvolutionGeometry(kernel: 3, padding: 1), weights: weights,
        in: parameters)
    } else {
      upsampling = nil
      convolution = ConvolutionLayer(
        name, from: inputChannels, to: channels, ConvolutionGeometry(kernel: 3, stride: 2, padding: 1),
        outputPadding: 1, weights: weights, in: parameters)
    }
  }

  func callAsFunction(_ input: Tensor, into destination: Tensor, _ tape: Tape) {
    let larger = upsampling.map { $0(input, tape) } ?? input
    _ = convolution(larger, into: destination, tape)
  }
}
