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
  /// In the forward pass, take the statistics from a tensor.
  var givenStatistics = false
  /// The parts of a batch, of which this is one, that the given statistics and the means of gradients are of.
  var parts = 1
  /// With max-pooling of the output, which inference has not.
  var pooled = false
  /// In the backward pass, add to the gradients of scale and shift.
  var accumulate = false
  /// Inference into its input, backward into the output's gradient.
  var inPlace = false

  var pooledShape: Shape { Shape(shape.batch, shape.height / 2, shape.width / 2, shape.channels) }

  func label(_ pass: Pass) -> String {
    KernelCase.label(
      "\(shape)", activation?.label, mean == 0.5 ? nil : "mean \(mean)",
      deviation == 1 ? nil : "deviation \(deviation)",
      inputPlacement.label.map { "input \($0)" }, outputPlacement.label.map { "output \($0)" },
      givenStatistics && pass == .forward ? "given statistics" : nil,
      parts > 1 && pass != .inference ? "of \(parts) parts" : nil,
      pooled && pass != .inference ? "pooled" : nil,
      accumulate && pass == .backward ? "accumulate" : nil, inPlace && pass != .forward ? "in place" : nil)
  }

  /// x, each channel with a mean of its own. Where it is pooled, the four values of a square are far enough apart for
  /// rounding not to decide which is the largest.
  func input(_ tensors: inout CaseTensors) -> ReferenceTensor {
    var input = tensors.random.floats(shape)
    if pooled {
      let turns = tensors.random.integers(shape, in: 0...3)
      for index in input.values.indices {
        let (pixel, c) = index.quotientAndRemainder(dividingBy: shape.channels)
        let (row, x) = pixel.quotientAndRemainder(dividingBy: shape.width)
        let (n, y) = row.quotientAndRemainder(dividingBy: shape.height)
        let level = (Int(turns[n, y / 2 * 2, x / 2 * 2, c]) + y % 2 * 2 + x % 2) % 4
        input[index] = -0.9 + 0.6 * Double(level) + 0.2 * input[index]
      }
    }
    for index in input.values.indices {
      let c = index % shape.channels
      input[index] = mean * (1 - 0.25 * Double(c % 4)) + deviation * input[index]
    }
    return input.roundedToFloat
  }

  /// γ of both signs, away from zero.
  func scale(_ tensors: inout CaseTensors) -> ReferenceTensor {
    var scale = tensors.random.floats(Shape(vector: shape.channels), in: 0.5...1.5)
    for c in stride(from: 1, to: shape.channels, by: 3) { scale[c] = -scale[c] }
    return scale
  }

  /// x and its statistics, with no γ x̂ + β so near to zero that rounding decides which slope of a LeakyReLU applies.
  func inputAwayFromKink(scale: ReferenceTensor, shift: ReferenceTensor, _ tensors: inout CaseTensors)
    -> (input: ReferenceTensor, mean: ReferenceTensor, inverseDeviation: ReferenceTensor)
  {
    var input = input(&tensors)
    let vector = Shape(vector: shape.channels)
    let statistics = Reference.batchNormalizationForward(
      input: input, scale: scale, shift: shift, runningMean: ReferenceTensor(vector),
      runningVariance: ReferenceTensor(vector),
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
      ([nil] + KernelCases.activations.map(Optional.some)).map { activation in
        BatchNormalizationVariant(
          shape: Shape(2, 3, 2, 3), activation: activation, outputPlacement: .channelSlice(before: 1, after: 2),
          givenStatistics: activation == .tanh, pooled: activation != nil, accumulate: activation != nil,
          inPlace: activation == .tanh)
      }
    case .awkward: shapes + activations + data + placements + given + pooling
    case .trainingStep(let width, let batch):
      (0..<5).map { level in
        BatchNormalizationVariant(
          shape: Shape(batch, 32 >> level, 32 >> level, width << level), activation: .leakyReLU(slope: 0.01),
          givenStatistics: true, pooled: level < 4)
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
    ([nil] + KernelCases.activations.map(Optional.some)).flatMap { activation in
      [
        BatchNormalizationVariant(shape: Shape(3, 5, 7, 17), activation: activation),
        BatchNormalizationVariant(
          shape: Shape(2, 8, 8, 16), activation: activation, accumulate: true, inPlace: true),
        // Few enough pixels for the backward pass in more than single precision.
        BatchNormalizationVariant(shape: Shape(2, 2, 2, 17), activation: activation),
        BatchNormalizationVariant(
          shape: Shape(1, 2, 3, 64), activation: activation, pooled: true, accumulate: true, inPlace: true),
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

  private static var given: [BatchNormalizationVariant] {
    [
      BatchNormalizationVariant(shape: Shape(2, 1, 1, 17), activation: .leakyReLU(slope: 0.01), givenStatistics: true),
      BatchNormalizationVariant(shape: Shape(3, 5, 7, 3), activation: .tanh, givenStatistics: true),
      BatchNormalizationVariant(
        shape: Shape(3, 13, 9, 33), activation: .leakyReLU(slope: 0.2), mean: 100,
        outputPlacement: .channelSlice(before: 33, after: 0), givenStatistics: true),
      BatchNormalizationVariant(shape: Shape(2, 8, 8, 64), activation: nil, givenStatistics: true),
    ] + ofParts
  }

  /// A part of a batch.
  static var ofParts: [BatchNormalizationVariant] {
    [
      BatchNormalizationVariant(
        shape: Shape(1, 1, 1, 17), activation: .leakyReLU(slope: 0.01), givenStatistics: true, parts: 4),
      BatchNormalizationVariant(
        shape: Shape(2, 7, 6, 32), activation: .leakyReLU(slope: 0.2), givenStatistics: true, parts: 2, pooled: true),
    ]
  }

  /// Pooling of even and odd sides, of few pixels, into and out of slices.
  private static var pooling: [BatchNormalizationVariant] {
    let shapes = [
      Shape(1, 2, 2, 16), Shape(2, 2, 2, 3), Shape(1, 2, 3, 17), Shape(3, 4, 6, 64),
      Shape(3, 9, 12, 16), Shape(2, 8, 7, 33), Shape(3, 5, 7, 128), Shape(4, 32, 32, 16), Shape(2, 31, 3, 48),
    ]
    return shapes.flatMap { shape -> [BatchNormalizationVariant] in
      let variant = BatchNormalizationVariant(shape: shape, activation: .leakyReLU(slope: 0.01), pooled: true)
      var slice = variant
      slice.outputPlacement = .channelSlice(before: shape.channels, after: 0)
      slice.givenStatistics = true
      slice.accumulate = true
      return [variant, slice]
    } + [
      BatchNormalizationVariant(
        shape: Shape(2, 6, 8, 17), activation: .tanh, outputPlacement: .channelSlice(before: 1, after: 2),
        givenStatistics: true, pooled: true, inPlace: true),
      BatchNormalizationVariant(
        shape: Shape(2, 7, 6, 32), activation: nil, inputPlacement: .channelSlice(before: 16, after: 1), pooled: true),
    ]
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
