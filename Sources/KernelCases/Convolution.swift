import Runtime

extension Reference {
  /// map(v, k) = bias(k) + Σ image(v · s + i − p, c) · weights(i, c, k), zero outside the image.
  ///
  /// - Parameters:
  ///   - image: `[N, H, W, C]`
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`, or `[kernelHeight, kernelWidth, K, C]` where `weightsInput` is
  ///     the map
  ///   - bias: `[K]`
  ///   - mapShape: `[N, H′, W′, K]`; from the image's where nil
  public static func convolutionMap(
    image: ReferenceTensor, weights: ReferenceTensor, bias: ReferenceTensor? = nil, mapShape: Shape? = nil,
    _ geometry: ConvolutionGeometry, weightsInput: ConvolutionProblem.Side = .image
  ) -> ReferenceTensor {
    var map = ReferenceTensor(
      mapShape ?? geometry.outputShape(of: image.shape, outputChannels: weights.shape.channels))
    forEachTap(geometry, image: image.shape, map: map.shape, weightsInput) { n, row, column, y, x, c, k, weight in
      map[n, y, x, k] += image[n, row, column, c] * weights[weight]
    }
    return bias.map { adding($0, to: map) } ?? map
  }

  /// image(y, c) = bias(c) + Σ map(v, k) · weights(i, c, k) over v · s + i − p = y.
  ///
  /// - Parameters:
  ///   - map: `[N, H′, W′, K]`
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`, or `[kernelHeight, kernelWidth, K, C]` where `weightsInput` is
  ///     the map
  ///   - bias: `[C]`
  ///   - imageShape: `[N, H, W, C]`
  public static func convolutionImage(
    map: ReferenceTensor, weights: ReferenceTensor, bias: ReferenceTensor? = nil, imageShape: Shape,
    _ geometry: ConvolutionGeometry,
    weightsInput: ConvolutionProblem.Side = .image
  ) -> ReferenceTensor {
    var image = ReferenceTensor(imageShape)
    forEachTap(geometry, image: imageShape, map: map.shape, weightsInput) { n, row, column, y, x, c, k, weight in
      image[n, row, column, c] += map[n, y, x, k] * weights[weight]
    }
    return bias.map { adding($0, to: image) } ?? image
  }

  /// weights(i, c, k) = Σ image(v · s + i − p, c) · map(v, k).
  ///
  /// - Parameters:
  ///   - image: `[N, H, W, C]`
  ///   - map: `[N, H′, W′, K]`
  /// - Returns: `[kernelHeight, kernelWidth, C, K]`, or `[kernelHeight, kernelWidth, K, C]` where `weightsInput` is the
  ///   map
  public static func convolutionWeights(
    image: ReferenceTensor, map: ReferenceTensor, _ geometry: ConvolutionGeometry,
    weightsInput: ConvolutionProblem.Side = .image
  ) -> ReferenceTensor {
    let (input, output) = weightsInput == .image ? (image, map) : (map, image)
    var weights = ReferenceTensor(
      Shape(geometry.kernelHeight, geometry.kernelWidth, input.shape.channels, output.shape.channels))
    forEachTap(geometry, image: image.shape, map: map.shape, weightsInput) { n, row, column, y, x, c, k, weight in
      weights[weight] += image[n, row, column, c] * map[n, y, x, k]
    }
    return weights
  }

  /// The gradient of a bias: the sum of the output's gradient over all pixels.
  public static func biasGradient(outputGradient: ReferenceTensor) -> ReferenceTensor {
    let channels = outputGradient.shape.channels
    var biasGradient = ReferenceTensor(Shape(vector: channels))
    for (index, gradient) in outputGradient.values.enumerated() { biasGradient[index % channels] += gradient }
    return biasGradient
  }

  private static func adding(_ bias: ReferenceTensor, to tensor: ReferenceTensor) -> ReferenceTensor {
    let channels = tensor.shape.channels
    return ReferenceTensor(tensor.shape, tensor.values.enumerated().map { $1 + bias[$0 % channels] })
  }

  /// Calls `body` with every term of a convolution's sums: a pixel (n, y, x) and a channel k of the map, a pixel (n,
  /// row, column) and a channel c of the image, and the index of the weight.
  @inline(__always)
  private static func forEachTap(
    _ geometry: ConvolutionGeometry, image: Shape, map: Shape, _ weightsInput: ConvolutionProblem.Side,
    _ body: (
      _ n: Int, _ row: Int, _ column: Int, _ y: Int, _ x: Int, _ c: Int, _ k: Int, _ weight: Int
    ) -> Void
  ) {
    let (strideOfC, strideOfK) = weightsInput == .image ? (map.channels, 1) : (1, image.channels)
    for n in 0..<map.batch {
      for y in 0..<map.height {
        for x in 0..<map.width {
          for i in 0..<geometry.kernelHeight {
            for j in 0..<geometry.kernelWidth {
              let row = y * geometry.stride + i - geometry.padding
              let column = x * geometry.stride + j - geometry.padding
              guard 0..<image.height ~= row, 0..<image.width ~= column else { continue }
              let tap = (i * geometry.kernelWidth + j) * image.channels * map.channels
              for c in 0..<image.channels {
                for k in 0..<map.channels { body(n, row, column, y, x, c, k, tap + c * strideOfC + k * strideOfK) }
              }
            }
          }
        }
      }
    }
  }
}

extension ConvolutionProblem {
  /// Computes the target in double precision.
  func evaluate(in memory: inout ReferenceMemory) {
    switch target {
    case .map:
      memory[map] = Reference.convolutionMap(
        image: memory[image], weights: memory[weights], bias: memory[bias], mapShape: map.shape, geometry,
        weightsInput: weightsInput)
      if let statistics { memory[statistics] = Reference.channelStatistics(memory[map]) }
    case .image:
      memory[image] = Reference.convolutionImage(
        map: memory[map], weights: memory[weights], bias: memory[bias], imageShape: image.shape, geometry,
        weightsInput: weightsInput)
    case .weights:
      let gradient = Reference.convolutionWeights(
        image: memory[image], map: memory[map], geometry, weightsInput: weightsInput)
      memory.write(gradient, to: weights, accumulate: accumulate)
      memory.write(
        Reference.biasGradient(outputGradient: memory[outputSide]), to: bias, accumulate: accumulate)
    }
  }
}

extension ConvolutionOperation where Self: ReferencedOperation {
  /// The means and the variances each by themselves, so that large means hide no error of the variances.
  public var comparedTensors: [Tensor] {
    guard let statistics = problem.statistics else { return writes }
    let channels = statistics.shape.channels
    return [problem.result]
      + [0, 1].map { half in
        Tensor(
          storage: statistics.storage, shape: Shape(vector: channels), offset: statistics.offset + half * channels)
      }
  }

  public func evaluate(in memory: inout ReferenceMemory) { problem.evaluate(in: &memory) }
}

extension ConvolutionForward: ReferencedOperation {}
extension ConvolutionBackwardData: ReferencedOperation {}
extension ConvolutionBackwardFilter: ReferencedOperation {}

extension KernelCases {
  static func convolution(_ size: CaseSize) -> [KernelCase] { ConvolutionVariant.all(size).flatMap(\.cases) }
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
      (four, 3, 8, 8, 4, 16), (four, 3, 16, 14, 48, 32), (four, 1, 9, 8, 16, 16), (four, 1, 7, 9, 17, 33),
      (four, 2, 32, 32, 4, 16), (four, 3, 2, 2, 33, 17),
      (two, 3, 2, 2, 64, 1), (two, 1, 5, 7, 17, 3), (two, 3, 3, 2, 3, 17),
      (one, 3, 5, 7, 16, 3), (one, 1, 32, 31, 17, 33), (one, 2, 1, 1, 3, 1), (one, 1, 1, 1, 1, 1),
      (geometry(5, 3, 1, 0), 3, 9, 7, 3, 17), (geometry(5, 3, 1, 2), 1, 6, 5, 17, 16),
      (geometry(3, 5, 2, 1), 3, 11, 8, 16, 3), (geometry(3, 3, 3, 0), 1, 8, 11, 3, 17),
      (geometry(3, 3, 3, 2), 3, 7, 10, 17, 3), (geometry(2, 2, 3, 0), 2, 8, 9, 3, 5),
      (geometry(3, 3, 2, 1), 3, 9, 8, 17, 33), (geometry(3, 3, 2, 1), 3, 16, 15, 32, 48),
      (geometry(3, 3, 1, 0), 3, 9, 8, 17, 16),
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
      exact.exact = !variant.mayBeWinograd
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
      (four, 5, 18, 26, 16, 80),
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
