import Runtime

/// A shape of batch normalization and the kind of data it is given. Each gives one case per pass.
struct BatchNormalizationVariant: Sendable {
  var shape: Shape
  var activation: Activation?
  /// About the mean and half the width of the input's values.
  var mean = 0.5
  var deviation = 1.0
  var inputPlacement = Placement.dense
  var outputPlacement = Placement.dense
  /// In the backward pass, add to the gradients of scale and shift.
  var accumulate = false
  /// Inference into its input, backward into the output's gradient.
  var inPlace = false

  func label(_ pass: Pass) -> String {
    KernelCase.label(
      "\(shape)", activation?.label, mean == 0.5 ? nil : "mean \(mean)",
      deviation == 1 ? nil : "deviation \(deviation)",
      inputPlacement.label.map { "input \($0)" }, outputPlacement.label.map { "output \($0)" },
      accumulate && pass == .backward ? "accumulate" : nil, inPlace && pass != .forward ? "in place" : nil)
  }

  /// x, each channel with a mean of its own.
  func input(_ tensors: inout CaseTensors) -> HostTensor {
    var input = tensors.random.floats(shape)
    for index in input.values.indices {
      let c = index % shape.channels
      input[index] = mean * (1 - 0.25 * Double(c % 4)) + deviation * input[index]
    }
    return input.roundedToFloat
  }

  /// γ of both signs, away from zero.
  func scale(_ tensors: inout CaseTensors) -> HostTensor {
    var scale = tensors.random.floats(Shape(vector: shape.channels), in: 0.5...1.5)
    for c in stride(from: 1, to: shape.channels, by: 3) { scale[c] = -scale[c] }
    return scale
  }

  /// x and its statistics, with no γ x̂ + β so near to zero that rounding decides which slope of a LeakyReLU applies.
  func inputAwayFromKink(scale: HostTensor, shift: HostTensor, _ tensors: inout CaseTensors)
    -> (input: HostTensor, mean: HostTensor, inverseDeviation: HostTensor)
  {
    var input = input(&tensors)
    let vector = Shape(vector: shape.channels)
    let statistics = Reference.batchNormalizationForward(
      input: input, scale: scale, shift: shift, runningMean: HostTensor(vector), runningVariance: HostTensor(vector),
      activation: nil, epsilon: 1e-5, momentum: 0)
    let mean = statistics.mean.roundedToFloat
    let inverseDeviation = statistics.inverseDeviation.roundedToFloat
    for index in input.values.indices {
      let c = index % shape.channels
      let preactivation = scale[c] * (input[index] - mean[c]) * inverseDeviation[c] + shift[c]
      if abs(preactivation) < 1e-3 { input[index] += 0.01 / (scale[c] * inverseDeviation[c]) }
    }
    return (input.roundedToFloat, mean, inverseDeviation)
  }

  static func all(_ size: CaseSize) -> [BatchNormalizationVariant] {
    switch size {
    case .smallest:
      [nil, .leakyReLU(slope: 0.01), .tanh].map { activation in
        BatchNormalizationVariant(
          shape: Shape(2, 3, 2, 3), activation: activation, outputPlacement: .channelSlice(before: 1, after: 2),
          accumulate: activation != nil, inPlace: activation == .tanh)
      }
    case .awkward: shapes + activations + data + placements
    case .trainingStep(let width, let batch):
      (0..<5).map { level in
        BatchNormalizationVariant(
          shape: Shape(batch, 32 >> level, 32 >> level, width << level), activation: .leakyReLU(slope: 0.01))
      }
    }
  }

  private static var shapes: [BatchNormalizationVariant] {
    let shapes = [
      Shape(1, 1, 2, 1), Shape(2, 1, 1, 17), Shape(1, 2, 2, 64), Shape(3, 2, 2, 33), Shape(3, 5, 7, 1),
      Shape(3, 5, 7, 3),
      Shape(1, 9, 11, 16), Shape(3, 13, 4, 17), Shape(3, 32, 32, 16), Shape(1, 31, 33, 33), Shape(64, 32, 32, 3),
      Shape(3, 3, 3, 257),
    ]
    return shapes.map { BatchNormalizationVariant(shape: $0, activation: .leakyReLU(slope: 0.01)) }
  }

  private static var activations: [BatchNormalizationVariant] {
    let activations: [Activation?] = [nil, .leakyReLU(slope: 0.2), .tanh, .sigmoid]
    return activations.flatMap { activation in
      [
        BatchNormalizationVariant(shape: Shape(3, 5, 7, 17), activation: activation),
        BatchNormalizationVariant(
          shape: Shape(2, 8, 8, 16), activation: activation, accumulate: true, inPlace: true),
      ]
    }
  }

  /// Means that cancel in a one-pass variance, and variances near epsilon.
  private static var data: [BatchNormalizationVariant] {
    [(100.0, 1.0), (-60, 0.5), (0, 1e-3), (0, 1e-4), (0, 1000)].map { mean, deviation in
      BatchNormalizationVariant(
        shape: Shape(3, 13, 9, 17), activation: .leakyReLU(slope: 0.01), mean: mean, deviation: deviation)
    }
  }

  private static var placements: [BatchNormalizationVariant] {
    [Shape(3, 5, 7, 17), Shape(2, 8, 8, 16), Shape(3, 5, 3, 3)].flatMap { shape in
      let variant = BatchNormalizationVariant(shape: shape, activation: .leakyReLU(slope: 0.01))
      var output = variant
      output.outputPlacement = .channelSlice(before: 16, after: 16)
      var both = variant
      both.inputPlacement = .channelSlice(before: 1, after: 2)
      both.outputPlacement = .channelSlice(before: 3, after: 0)
      var inPlace = both
      inPlace.inPlace = true
      var images = variant
      images.inputPlacement = .imageSlice(before: 1, after: 0)
      images.outputPlacement = .imageSlice(before: 2, after: 1)
      images.accumulate = true
      return [output, both, inPlace, images]
    }
  }
}
