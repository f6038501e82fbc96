import Runtime

extension Reference {
  /// output(n, y, x, k) = bias(k) + Σ input(n, y · stride + i − padding, x · stride + j − padding, c) · weights(i, j, c, k),
  /// zero outside the image.
  ///
  /// - Parameters:
  ///   - input: `[N, H, W, C]`
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`
  ///   - bias: `[K]`
  /// - Returns: `[N, H′, W′, K]`
  public static func convolutionForward(
    input: HostTensor, weights: HostTensor, bias: HostTensor?, _ geometry: ConvolutionGeometry
  ) -> HostTensor {
    let outputShape = geometry.outputShape(of: input.shape, outputChannels: weights.shape.channels)
    var output = HostTensor(outputShape)
    forEachTap(geometry, image: input.shape, map: outputShape) { n, row, column, i, j, y, x in
      for c in 0..<input.shape.channels {
        for k in 0..<outputShape.channels {
          output[n, y, x, k] += input[n, row, column, c] * weights[i, j, c, k]
        }
      }
    }
    if let bias {
      for index in output.values.indices { output[index] += bias[index % outputShape.channels] }
    }
    return output
  }

  /// inputGradient(n, y · stride + i − padding, x · stride + j − padding, c) = Σ outputGradient(n, y, x, k) ·
  /// weights(i, j, c, k).
  ///
  /// - Parameters:
  ///   - outputGradient: `[N, H′, W′, K]`
  ///   - weights: `[kernelHeight, kernelWidth, C, K]`
  ///   - inputShape: `[N, H, W, C]`
  public static func convolutionBackwardData(
    outputGradient: HostTensor, weights: HostTensor, inputShape: Shape, _ geometry: ConvolutionGeometry
  ) -> HostTensor {
    var inputGradient = HostTensor(inputShape)
    forEachTap(geometry, image: inputShape, map: outputGradient.shape) { n, row, column, i, j, y, x in
      for c in 0..<inputShape.channels {
        for k in 0..<outputGradient.shape.channels {
          inputGradient[n, row, column, c] += outputGradient[n, y, x, k] * weights[i, j, c, k]
        }
      }
    }
    return inputGradient
  }

  /// weightsGradient(i, j, c, k) = Σ input(n, y · stride + i − padding, x · stride + j − padding, c) ·
  /// outputGradient(n, y, x, k).
  ///
  /// - Parameters:
  ///   - input: `[N, H, W, C]`
  ///   - outputGradient: `[N, H′, W′, K]`
  /// - Returns: `[kernelHeight, kernelWidth, C, K]`
  public static func convolutionBackwardFilter(
    input: HostTensor, outputGradient: HostTensor, _ geometry: ConvolutionGeometry
  ) -> HostTensor {
    let weightsShape = Shape(
      geometry.kernelHeight, geometry.kernelWidth, input.shape.channels, outputGradient.shape.channels)
    var weightsGradient = HostTensor(weightsShape)
    forEachTap(geometry, image: input.shape, map: outputGradient.shape) { n, row, column, i, j, y, x in
      for c in 0..<input.shape.channels {
        for k in 0..<outputGradient.shape.channels {
          weightsGradient[i, j, c, k] += input[n, row, column, c] * outputGradient[n, y, x, k]
        }
      }
    }
    return weightsGradient
  }

  /// biasGradient(k) = Σ outputGradient(n, y, x, k).
  public static func biasGradient(outputGradient: HostTensor) -> HostTensor {
    let channels = outputGradient.shape.channels
    var biasGradient = HostTensor(Shape(vector: channels))
    for (index, gradient) in outputGradient.values.enumerated() { biasGradient[index % channels] += gradient }
    return biasGradient
  }

  /// Every pair of a map's pixel (n, y, x) and a kernel position (i, j) that meet a pixel (n, row, column) inside the
  /// image: what a convolution's three passes have in common.
  @inline(__always)
  static func forEachTap(
    _ geometry: ConvolutionGeometry, image: Shape, map: Shape,
    _ body: (_ n: Int, _ row: Int, _ column: Int, _ i: Int, _ j: Int, _ y: Int, _ x: Int) -> Void
  ) {
    for n in 0..<map.batch {
      for y in 0..<map.height {
        for x in 0..<map.width {
          for i in 0..<geometry.kernelHeight {
            for j in 0..<geometry.kernelWidth {
              let row = y * geometry.stride + i - geometry.padding
              let column = x * geometry.stride + j - geometry.padding
              if 0..<image.height ~= row, 0..<image.width ~= column { body(n, row, column, i, j, y, x) }
            }
          }
        }
      }
    }
  }
}

extension KernelCases {
  static func convolution(_ size: CaseSize) -> [KernelCase] {
    ConvolutionVariant.all(size).flatMap { variant in
      [convolutionForward(variant), convolutionBackwardData(variant), convolutionBackwardFilter(variant)]
    }
  }

  private static func convolutionForward(_ variant: ConvolutionVariant) -> KernelCase {
    KernelCase(ConvolutionForward.name, .forward, variant.label(.forward), tolerance: variant.tolerance) { tensors in
      let input = variant.values(variant.inputShape, &tensors)
      let weights = variant.values(variant.weightsShape, &tensors)
      let bias =
        variant.bias
        ? variant.values(Shape(vector: variant.outputChannels), &tensors).map { $0 + variant.biasMean }.roundedToFloat
        : nil
      let output = tensors.output("output", variant.outputShape, variant.output)
      let statistics =
        variant.statistics ? tensors.output("statistics", Shape(1, 1, 2, variant.outputChannels)) : nil
      let operation = ConvolutionForward(
        input: tensors.input("input", input, variant.input),
        weights: tensors.input("weights", weights, variant.weights),
        bias: bias.map { tensors.input("bias", $0, variant.weights) }, output: output, statistics: statistics,
        geometry: variant.geometry)
      return (
        operation,
        {
          let result = Reference.convolutionForward(input: input, weights: weights, bias: bias, variant.geometry)
          return [TensorValues(output, result)]
            + (statistics.map { statisticsValues($0, Reference.channelStatistics(result)) } ?? [])
        }
      )
    }
  }

  /// Means and variances each by themselves, so that large means hide no error of the variances.
  private static func statisticsValues(_ tensor: Tensor, _ values: HostTensor) -> [TensorValues] {
    let count = values.shape.channels
    return [0, 1].map { half in
      TensorValues(
        Tensor(storage: tensor.storage, shape: Shape(vector: count), offset: tensor.offset + half * count),
        HostTensor(vector: Array(values.values[half * count..<(half + 1) * count])))
    }
  }

  private static func convolutionBackwardData(_ variant: ConvolutionVariant) -> KernelCase {
    KernelCase(
      ConvolutionBackwardData.name, .backwardData, variant.label(.backwardData), tolerance: variant.tolerance
    ) { tensors in
      let outputGradient = variant.values(variant.outputShape, &tensors)
      let weights = variant.values(variant.weightsShape, &tensors)
      let inputGradient = tensors.output("inputGradient", variant.inputShape, variant.input)
      let operation = ConvolutionBackwardData(
        outputGradient: tensors.input("outputGradient", outputGradient, variant.output),
        weights: tensors.input("weights", weights, variant.weights), inputGradient: inputGradient,
        geometry: variant.geometry)
      return (
        operation,
        {
          [
            TensorValues(
              inputGradient,
              Reference.convolutionBackwardData(
                outputGradient: outputGradient, weights: weights, inputShape: variant.inputShape, variant.geometry))
          ]
        }
      )
    }
  }

  private static func convolutionBackwardFilter(_ variant: ConvolutionVariant) -> KernelCase {
    KernelCase(
      ConvolutionBackwardFilter.name, .backwardFilter, variant.label(.backwardFilter), tolerance: variant.tolerance
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
      let operation = ConvolutionBackwardFilter(
        input: tensors.input("input", input, variant.input),
        outputGradient: tensors.input("outputGradient", outputGradient, variant.output),
        weightsGradient: weightsGradient, biasGradient: biasGradient, geometry: variant.geometry,
        accumulate: variant.accumulate)
      return (
        operation,
        {
          let weights = Reference.convolutionBackwardFilter(
            input: input, outputGradient: outputGradient, variant.geometry)
          let bias = Reference.biasGradient(outputGradient: outputGradient)
          return [TensorValues(weightsGradient, oldWeights.map { $0 + weights } ?? weights)]
            + (biasGradient.map { [TensorValues($0, oldBias.map { $0 + bias } ?? bias)] } ?? [])
        }
      )
    }
  }
}
