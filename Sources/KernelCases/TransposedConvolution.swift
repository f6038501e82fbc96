import Runtime

// A transposed convolution runs a convolution backwards: its input is the convolution's map, its output the image. The
// loops are `forEachTap`'s with the two sides exchanged; the weights keep the transposed one's channel order [i, j, C, K].

extension Reference {
  /// output(n, v · stride + i − padding, u · stride + j − padding, k) = bias(k) + Σ input(n, v, u, c) · weights(i, j, c, k).
  ///
  /// - Parameters:
  ///   - input: `[N, H, W, C]`
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`
  ///   - bias: `[K]`
  ///   - outputShape: `[N, H′, W′, K]`
  public static func transposedConvolutionForward(
    input: HostTensor, weights: HostTensor, bias: HostTensor?, outputShape: Shape, _ geometry: ConvolutionGeometry
  ) -> HostTensor {
    var output = HostTensor(outputShape)
    forEachTap(geometry, image: outputShape, map: input.shape) { n, y, x, i, j, v, u in
      for c in 0..<input.shape.channels {
        for k in 0..<outputShape.channels {
          output[n, y, x, k] += input[n, v, u, c] * weights[i, j, c, k]
        }
      }
    }
    if let bias {
      for index in output.values.indices { output[index] += bias[index % outputShape.channels] }
    }
    return output
  }

  /// inputGradient(n, v, u, c) = Σ outputGradient(n, v · stride + i − padding, u · stride + j − padding, k) ·
  /// weights(i, j, c, k).
  ///
  /// - Parameters:
  ///   - outputGradient: `[N, H′, W′, K]`
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`
  ///   - inputShape: `[N, H, W, C]`
  public static func transposedConvolutionBackwardData(
    outputGradient: HostTensor, weights: HostTensor, inputShape: Shape, _ geometry: ConvolutionGeometry
  ) -> HostTensor {
    var inputGradient = HostTensor(inputShape)
    forEachTap(geometry, image: outputGradient.shape, map: inputShape) { n, y, x, i, j, v, u in
      for c in 0..<inputShape.channels {
        for k in 0..<outputGradient.shape.channels {
          inputGradient[n, v, u, c] += outputGradient[n, y, x, k] * weights[i, j, c, k]
        }
      }
    }
    return inputGradient
  }

  /// weightsGradient(i, j, c, k) = Σ input(n, v, u, c) · outputGradient(n, v · stride + i − padding,
  /// u · stride + j − padding, k).
  ///
  /// - Parameters:
  ///   - input: `[N, H, W, C]`
  ///   - outputGradient: `[N, H′, W′, K]`
  /// - Returns: `[kernelHeight, kernelWidth, C, K]`
  public static func transposedConvolutionBackwardFilter(
    input: HostTensor, outputGradient: HostTensor, _ geometry: ConvolutionGeometry
  ) -> HostTensor {
    let weightsShape = Shape(
      geometry.kernelHeight, geometry.kernelWidth, input.shape.channels, outputGradient.shape.channels)
    var weightsGradient = HostTensor(weightsShape)
    forEachTap(geometry, image: outputGradient.shape, map: input.shape) { n, y, x, i, j, v, u in
      for c in 0..<input.shape.channels {
        for k in 0..<outputGradient.shape.channels {
          weightsGradient[i, j, c, k] += input[n, v, u, c] * outputGradient[n, y, x, k]
        }
      }
    }
    return weightsGradient
  }
}

extension KernelCases {
  static func transposedConvolution(_ size: CaseSize) -> [KernelCase] {
    ConvolutionVariant.allTransposed(size).flatMap { variant in
      [
        transposedConvolutionForward(variant), transposedConvolutionBackwardData(variant),
        transposedConvolutionBackwardFilter(variant),
      ]
    }
  }

  private static func transposedConvolutionForward(_ variant: ConvolutionVariant) -> KernelCase {
    KernelCase(
      TransposedConvolutionForward.name, .forward, variant.label(.forward), tolerance: variant.tolerance
    ) { tensors in
      let input = variant.values(variant.inputShape, &tensors)
      let weights = variant.values(variant.weightsShape, &tensors)
      let bias = variant.bias ? variant.values(Shape(vector: variant.outputChannels), &tensors) : nil
      let output = tensors.output("output", variant.outputShape, variant.output)
      let operation = TransposedConvolutionForward(
        input: tensors.input("input", input, variant.input),
        weights: tensors.input("weights", weights, variant.weights),
        bias: bias.map { tensors.input("bias", $0, variant.weights) }, output: output, geometry: variant.geometry)
      return (
        operation,
        {
          [
            TensorValues(
              output,
              Reference.transposedConvolutionForward(
                input: input, weights: weights, bias: bias, outputShape: variant.outputShape, variant.geometry))
          ]
        }
      )
    }
  }

  private static func transposedConvolutionBackwardData(_ variant: ConvolutionVariant) -> KernelCase {
    KernelCase(
      TransposedConvolutionBackwardData.name, .backwardData, variant.label(.backwardData), tolerance: variant.tolerance
    ) { tensors in
      let outputGradient = variant.values(variant.outputShape, &tensors)
      let weights = variant.values(variant.weightsShape, &tensors)
      let inputGradient = tensors.output("inputGradient", variant.inputShape, variant.input)
      let operation = TransposedConvolutionBackwardData(
        outputGradient: tensors.input("outputGradient", outputGradient, variant.output),
        weights: tensors.input("weights", weights, variant.weights), inputGradient: inputGradient,
        geometry: variant.geometry)
      return (
        operation,
        {
          [
            TensorValues(
              inputGradient,
              Reference.transposedConvolutionBackwardData(
                outputGradient: outputGradient, weights: weights, inputShape: variant.inputShape, variant.geometry))
          ]
        }
      )
    }
  }

  private static func transposedConvolutionBackwardFilter(_ variant: ConvolutionVariant) -> KernelCase {
    KernelCase(
      TransposedConvolutionBackwardFilter.name, .backwardFilter, variant.label(.backwardFilter),
      tolerance: variant.tolerance
    ) { tensors in
      let input = variant.values(variant.inputShape, &tensors)
      let outputGradient = variant.values(variant.outputShape, &tensors)
      let biasShape = Shape(vector: variant.outputChannels)
      let oldWeights = variant.accumulate ? variant.values(variant.weightsShape, &tensors) : nil
      let oldBias = variant.accumulate && variant.bias ? variant.values(biasShape, &tensors) : nil
      let weightsGradient = tensors.output(
        "weightsGradient", variant.weightsShape, variant.weights, addingTo: oldWeights)
      let biasGradient =
        variant.bias ? tensors.output("biasGradient", biasShape, variant.weights, addingTo: oldBias) : nil
      let operation = TransposedConvolutionBackwardFilter(
        input: tensors.input("input", input, variant.input),
        outputGradient: tensors.input("outputGradient", outputGradient, variant.output),
        weightsGradient: weightsGradient, biasGradient: biasGradient, geometry: variant.geometry,
        accumulate: variant.accumulate)
      return (
        operation,
        {
          let weights = Reference.transposedConvolutionBackwardFilter(
            input: input, outputGradient: outputGradient, variant.geometry)
          let bias = Reference.biasGradient(outputGradient: outputGradient)
          return [TensorValues(weightsGradient, oldWeights.map { $0 + weights } ?? weights)]
            + (biasGradient.map { [TensorValues($0, oldBias.map { $0 + bias } ?? bias)] } ?? [])
        }
      )
    }
  }
}

extension ConvolutionVariant {
  /// Transposed convolutions.
  static func allTransposed(_ size: CaseSize) -> [ConvolutionVariant] {
    switch size {
    case .smallest:
      [
        ConvolutionVariant(
          height: 3, width: 2, inputChannels: 3, outputChannels: 5, geometry: three, outputPadding: 1, accumulate: true),
        ConvolutionVariant(
          batch: 2, height: 1, width: 1, inputChannels: 5, outputChannels: 3, geometry: three, outputPadding: 1,
          bias: false, input: .channelSlice(before: 1, after: 1), output: .channelSlice(before: 1, after: 2)),
        ConvolutionVariant(
          height: 2, width: 3, inputChannels: 3, outputChannels: 4, geometry: four, outputPadding: 0, exact: true),
        ConvolutionVariant(height: 2, width: 3, inputChannels: 3, outputChannels: 1, geometry: two, outputPadding: 0),
      ]
    case .awkward: transposedGeometries + transposedPlacements
    case .trainingStep(let width, let batch):
      (0..<4).map { level in
        ConvolutionVariant(
          batch: batch, height: 16 >> level, width: 16 >> level, inputChannels: width << (level + 1),
          outputChannels: width << level, geometry: three, outputPadding: 1)
      }
    }
  }

  private static let three = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
  private static let four = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)
  private static let two = ConvolutionGeometry(kernel: 2, stride: 2)

  private static var transposedGeometries: [ConvolutionVariant] {
    let odd = ConvolutionGeometry(kernelHeight: 5, kernelWidth: 3, stride: 3, padding: 2)
    let shapes: [(ConvolutionGeometry, Int, Int, Int, Int, Int, Int)] = [
      // geometry, output padding, batch, height, width, input channels, output channels
      (three, 1, 3, 1, 1, 3, 17), (three, 1, 1, 2, 2, 17, 16), (three, 1, 3, 2, 2, 64, 33), (three, 1, 3, 5, 7, 3, 17),
      (three, 1, 1, 4, 4, 33, 64), (three, 1, 3, 8, 8, 16, 17), (three, 1, 1, 16, 16, 32, 16),
      (three, 0, 3, 5, 4, 17, 3),
      (three, 1, 1, 7, 3, 1, 1), (three, 1, 3, 3, 9, 1, 3), (three, 1, 2, 13, 5, 17, 1),
      (four, 0, 3, 4, 4, 16, 3), (four, 0, 1, 5, 3, 17, 33), (four, 1, 1, 3, 2, 3, 17), (four, 0, 3, 1, 1, 3, 5),
      (two, 0, 3, 5, 3, 17, 16), (two, 0, 1, 1, 1, 1, 3), (two, 1, 3, 2, 5, 3, 17),
      (odd, 2, 3, 4, 5, 3, 17), (ConvolutionGeometry(kernel: 3, stride: 1, padding: 1), 0, 3, 5, 7, 17, 3),
      (ConvolutionGeometry(kernel: 1, stride: 2), 1, 3, 3, 4, 17, 3),
      (ConvolutionGeometry(kernel: 2, stride: 3), 0, 3, 3, 4, 3, 5),
    ]
    return shapes.flatMap { geometry, padding, batch, height, width, inputChannels, outputChannels in
      let variant = ConvolutionVariant(
        batch: batch, height: height, width: width, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: geometry, outputPadding: padding)
      var exact = variant
      exact.bias = false
      exact.accumulate = true
      exact.exact = geometry.kernelHeight != 3 || geometry.kernelWidth != 3 || geometry.stride != 1
      return [variant, exact]
    }
  }

  private static var transposedPlacements: [ConvolutionVariant] {
    let shapes = [(three, 3, 5, 7, 16, 17), (three, 1, 8, 8, 16, 8), (four, 3, 4, 3, 17, 3)]
    return shapes.flatMap { geometry, batch, height, width, inputChannels, outputChannels -> [ConvolutionVariant] in
      let variant = ConvolutionVariant(
        batch: batch, height: height, width: width, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: geometry, outputPadding: geometry.kernelHeight == 3 ? 1 : 0)
      var both = variant
      both.input = .channelSlice(before: 1, after: 2)
      both.output = .channelSlice(before: 5, after: 0)
      both.accumulate = true
      var aligned = variant
      aligned.output = .channelSlice(before: 0, after: 16)
      var images = variant
      images.input = .imageSlice(before: 1, after: 1)
      images.output = .imageSlice(before: 2, after: 0)
      images.weights = .flat(before: 3, after: 5)
      return [both, aligned, images]
    }
  }
}
