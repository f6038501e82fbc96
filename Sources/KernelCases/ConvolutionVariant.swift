import Runtime

/// The shapes of a convolution or of a transposed one, and how its tensors lie in memory. Each gives one case per pass.
struct ConvolutionVariant: Sendable {
  var batch = 1
  var height: Int
  var width: Int
  var inputChannels: Int
  var outputChannels: Int
  var geometry: ConvolutionGeometry
  /// Of a transposed convolution; `nil` for a plain one.
  var outputPadding: Int?
  var bias = true
  /// About which the bias lies.
  var biasMean = 0.0
  /// In the forward pass, find the mean and the variance of each channel of the output.
  var statistics = false
  /// In the filter pass, add to the gradients.
  var accumulate = false
  var input = Placement.dense
  var output = Placement.dense
  var weights = Placement.dense
  /// Small whole numbers as data: every sum is exact in float, so no error at all is allowed. Not for 3×3 at stride 1,
  /// where Winograd's transforms round.
  var exact = false

  var inputShape: Shape { Shape(batch, height, width, inputChannels) }
  var weightsShape: Shape { Shape(geometry.kernelHeight, geometry.kernelWidth, inputChannels, outputChannels) }
  var outputShape: Shape {
    guard let outputPadding else { return geometry.outputShape(of: inputShape, outputChannels: outputChannels) }
    return geometry.transposedOutputShape(of: inputShape, outputChannels: outputChannels, outputPadding: outputPadding)
  }
  /// Floats near the mean have a rounding error of their own, of which the variance has its share.
  var tolerance: Double { exact ? 0 : biasMean == 0 ? KernelCase.defaultTolerance : 1e-4 }

  /// Values of a tensor of this variant.
  func values(_ shape: Shape, _ tensors: inout CaseTensors) -> HostTensor {
    exact ? tensors.random.integers(shape) : tensors.random.floats(shape)
  }

  func label(_ pass: Pass) -> String {
    let kernel =
      "\(geometry.kernelHeight)×\(geometry.kernelWidth) stride \(geometry.stride) padding \(geometry.padding)"
    return KernelCase.label(
      "\(inputShape) → \(outputChannels)",
      kernel + (outputPadding.map { " output padding \($0)" } ?? ""),
      bias && pass != .backwardData ? "bias" + (biasMean == 0 ? "" : " \(biasMean)") : nil,
      statistics && pass == .forward ? "statistics" : nil,
      accumulate && pass == .backwardFilter ? "accumulate" : nil,
      exact ? "whole numbers" : nil,
      input.label.map { "input \($0)" },
      output.label.map { "output \($0)" },
      weights.label.map { "weights \($0)" })
  }
}

extension ConvolutionVariant {
  private static let three = ConvolutionGeometry(kernel: 3, padding: 1)
  private static let two = ConvolutionGeometry(kernel: 2)
  private static let one = ConvolutionGeometry(kernel: 1)
  private static let four = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)

  /// Plain convolutions.
  static func all(_ size: CaseSize) -> [ConvolutionVariant] {
    switch size {
    case .smallest: smallest
    case .awkward: squareSizes + channelCounts + geometries + placements + withStatistics
    case .trainingStep(let width, let batch): trainingStep(width: width, batch: batch)
    }
  }

  private static var smallest: [ConvolutionVariant] {
    [
      ConvolutionVariant(height: 5, width: 3, inputChannels: 3, outputChannels: 5, geometry: three, accumulate: true),
      ConvolutionVariant(
        batch: 2, height: 2, width: 2, inputChannels: 5, outputChannels: 3, geometry: three, bias: false,
        input: .channelSlice(before: 1, after: 1), output: .channelSlice(before: 1, after: 2)),
      ConvolutionVariant(height: 4, width: 6, inputChannels: 4, outputChannels: 3, geometry: four, exact: true),
      ConvolutionVariant(height: 2, width: 3, inputChannels: 3, outputChannels: 1, geometry: two),
      ConvolutionVariant(
        batch: 2, height: 3, width: 5, inputChannels: 2, outputChannels: 3, geometry: three, statistics: true),
      ConvolutionVariant(height: 3, width: 3, inputChannels: 5, outputChannels: 3, geometry: one, exact: true),
      ConvolutionVariant(
        height: 5, width: 6, inputChannels: 1, outputChannels: 2,
        geometry: ConvolutionGeometry(kernelHeight: 3, kernelWidth: 2, stride: 3)),
    ]
  }

  /// 3×3 at every size around the tiles of Winograd and of the GPU bodies.
  private static var squareSizes: [ConvolutionVariant] {
    let sizes = [
      (1, 1), (1, 7), (2, 2), (3, 5), (4, 4), (5, 3), (6, 9), (7, 7), (8, 8), (9, 6), (13, 17), (16, 16), (32, 32),
      (31, 2),
    ]
    return sizes.flatMap { height, width in
      [
        ConvolutionVariant(
          batch: height * width < 100 ? 3 : 1, height: height, width: width, inputChannels: 3, outputChannels: 17,
          geometry: three, accumulate: true),
        ConvolutionVariant(
          batch: height * width < 300 ? 3 : 1, height: height, width: width, inputChannels: 17, outputChannels: 16,
          geometry: three, bias: false),
      ]
    }
  }

  /// 3×3 at every pair of channel counts.
  private static var channelCounts: [ConvolutionVariant] {
    let counts = [1, 3, 16, 17, 33, 64]
    return counts.flatMap { inputChannels in
      counts.map { outputChannels in
        ConvolutionVariant(
          batch: 2, height: 6, width: 7, inputChannels: inputChannels, outputChannels: outputChannels, geometry: three)
      }
    } + [
      ConvolutionVariant(batch: 3, height: 2, width: 2, inputChannels: 130, outputChannels: 136, geometry: three),
      ConvolutionVariant(batch: 17, height: 1, width: 1, inputChannels: 96, outputChannels: 80, geometry: three),
      // Long sums: over channels, and in the filter pass over pixels.
      ConvolutionVariant(batch: 2, height: 2, width: 2, inputChannels: 512, outputChannels: 33, geometry: three),
      ConvolutionVariant(batch: 16, height: 32, width: 32, inputChannels: 3, outputChannels: 5, geometry: three),
    ]
  }

  /// Other kernels, strides and paddings.
  private static var geometries: [ConvolutionVariant] {
    func geometry(_ height: Int, _ width: Int, _ stride: Int, _ padding: Int) -> ConvolutionGeometry {
      ConvolutionGeometry(kernelHeight: height, kernelWidth: width, stride: stride, padding: padding)
    }
    let shapes: [(ConvolutionGeometry, Int, Int, Int, Int, Int)] = [
      // geometry, batch, height, width, input channels, output channels
      (four, 3, 8, 8, 4, 16), (four, 1, 7, 9, 17, 33), (four, 2, 32, 32, 4, 16), (four, 3, 2, 2, 33, 17),
      (two, 3, 2, 2, 64, 1), (two, 1, 5, 7, 17, 3), (two, 3, 3, 2, 3, 17),
      (one, 3, 5, 7, 16, 3), (one, 1, 32, 31, 17, 33), (one, 2, 1, 1, 3, 1), (one, 1, 1, 1, 1, 1),
      (geometry(5, 3, 1, 0), 3, 9, 7, 3, 17), (geometry(5, 3, 1, 2), 1, 6, 5, 17, 16),
      (geometry(3, 5, 2, 1), 3, 11, 8, 16, 3), (geometry(3, 3, 3, 0), 1, 8, 11, 3, 17),
      (geometry(3, 3, 3, 2), 3, 7, 10, 17, 3), (geometry(2, 2, 3, 0), 2, 8, 9, 3, 5),
      (geometry(3, 3, 2, 1), 3, 9, 8, 17, 33), (geometry(3, 3, 1, 0), 3, 9, 8, 17, 16),
      (geometry(3, 3, 1, 2), 3, 5, 4, 16, 17), (geometry(7, 7, 1, 3), 1, 9, 11, 3, 5),
      (geometry(1, 1, 2, 0), 3, 7, 6, 17, 3),
    ]
    return shapes.flatMap { geometry, batch, height, width, inputChannels, outputChannels -> [ConvolutionVariant] in
      let variant = ConvolutionVariant(
        batch: batch, height: height, width: width, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: geometry)
      var exact = variant
      exact.bias = false
      exact.accumulate = true
      exact.exact = geometry.kernelHeight != 3 || geometry.kernelWidth != 3 || geometry.stride != 1
      return [variant, exact]
    }
  }

  /// Statistics of the output, around every tile and part that they are found in.
  private static var withStatistics: [ConvolutionVariant] {
    let shapes: [(ConvolutionGeometry, Int, Int, Int, Int, Int)] = [
      // geometry, batch, height, width, input channels, output channels
      (three, 64, 2, 2, 32, 48), (three, 3, 2, 2, 16, 17), (three, 3, 5, 7, 16, 33), (three, 2, 13, 18, 32, 64),
      (three, 1, 8, 8, 16, 16), (three, 5, 16, 16, 16, 80), (three, 3, 9, 7, 1, 16), (three, 1, 31, 33, 3, 17),
      (three, 2, 4, 4, 512, 33), (four, 3, 16, 16, 4, 32), (four, 5, 9, 14, 17, 33), (four, 2, 8, 8, 64, 128),
      (one, 1, 1, 3, 5, 1), (one, 2, 17, 19, 16, 3),
    ]
    return shapes.flatMap { geometry, batch, height, width, inputChannels, outputChannels -> [ConvolutionVariant] in
      let variant = ConvolutionVariant(
        batch: batch, height: height, width: width, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: geometry, statistics: true)
      var slice = variant
      slice.bias = false
      slice.output = .channelSlice(before: 3, after: 2)
      return [variant, slice]
    } + farFromZero
  }

  /// Channels whose mean is about 1000 and whose deviation about 1.
  private static var farFromZero: [ConvolutionVariant] {
    [(three, 16), (three, 5), (four, 4), (one, 7)].map { geometry, inputChannels in
      ConvolutionVariant(
        batch: 3, height: 16, width: 14, inputChannels: inputChannels, outputChannels: 33, geometry: geometry,
        biasMean: 1000, statistics: true)
    }
  }

  /// Slices of channels and of images, weights in flat memory.
  private static var placements: [ConvolutionVariant] {
    let shapes = [(three, 3, 9, 7, 16, 17), (three, 1, 16, 16, 3, 16), (four, 3, 8, 6, 17, 3), (one, 3, 5, 7, 16, 3)]
    return shapes.flatMap { geometry, batch, height, width, inputChannels, outputChannels -> [ConvolutionVariant] in
      let variant = ConvolutionVariant(
        batch: batch, height: height, width: width, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: geometry)
      var both = variant
      both.input = .channelSlice(before: 1, after: 2)
      both.output = .channelSlice(before: 5, after: 0)
      both.accumulate = true
      var aligned = variant
      aligned.input = .channelSlice(before: 16, after: 16)
      aligned.output = .channelSlice(before: 0, after: 16)
      var images = variant
      images.input = .imageSlice(before: 1, after: 1)
      images.output = .imageSlice(before: 2, after: 0)
      images.weights = .flat(before: 3, after: 5)
      return [both, aligned, images]
    }
  }

  /// The convolutions of the U-Net and of the discriminator, each shape once.
  private static func trainingStep(width: Int, batch: Int) -> [ConvolutionVariant] {
    func unit(_ level: Int, _ inputChannels: Int, _ outputChannels: Int) -> ConvolutionVariant {
      let side = 32 >> level
      return ConvolutionVariant(
        batch: batch, height: side, width: side, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: three, statistics: true)
    }
    let levels = (0..<5).flatMap { level -> [ConvolutionVariant] in
      let channels = width << level
      let first = unit(level, level == 0 ? 1 : channels / 2, channels)
      let square = unit(level, channels, channels)
      // The decoder has no fifth level; its first convolution takes the concatenation.
      return [first, square] + (level < 4 ? [unit(level, 2 * channels, channels)] : [])
    }
    let discriminator = (0..<4).map { level in
      let side = 32 >> level
      return ConvolutionVariant(
        batch: batch, height: side, width: side, inputChannels: level == 0 ? 4 : width << (level - 1),
        outputChannels: width << level, geometry: four, statistics: level > 0)
    }
    return levels + [
      ConvolutionVariant(batch: batch, height: 32, width: 32, inputChannels: width, outputChannels: 3, geometry: one)
    ] + discriminator + [
      ConvolutionVariant(batch: batch, height: 2, width: 2, inputChannels: 8 * width, outputChannels: 1, geometry: two)
    ]
  }
}
