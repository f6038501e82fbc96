import Runtime

/// The shapes of a convolution or of a transposed one, and how its tensors lie in memory. Each gives one case per pass.
struct ConvolutionVariant: Sendable {
  var batch = 1
  var height: Int
  var width: Int
  var inputChannels: Int
  var outputChannels: Int
  var geometry: ConvolutionGeometry
  /// The output padding of a transposed convolution; nil for a convolution.
  var outputPadding: Int?
  var bias = true
  /// The mean of the bias's values.
  var biasMean = 0.0
  /// In the forward pass, compute the mean and the variance of each channel of the output.
  var statistics = false
  /// In the filter pass, add to the gradients.
  var accumulate = false
  var input = Placement.dense
  var output = Placement.dense
  var weights = Placement.dense
  /// Small whole numbers as data: every sum is exact in float, so no error at all is allowed. Not where Winograd's
  /// transforms round.
  var exact = false

  private var isTransposed: Bool { outputPadding != nil }
  /// Whether a backend may use Winograd's algorithm, which it has for channels by the sixteen.
  var mayBeWinograd: Bool {
    guard geometry.padding == 1, inputChannels.isMultiple(of: 16) || outputChannels.isMultiple(of: 16) else {
      return false
    }
    let kernels = (geometry.kernelHeight, geometry.kernelWidth, geometry.stride)
    return kernels == (3, 3, 1) || kernels == (3, 3, 2) || kernels == (4, 4, 2)
  }
  private var name: String { isTransposed ? TransposedConvolutionForward.name : ConvolutionForward.name }
  private var biasShape: Shape { Shape(vector: outputChannels) }
  var inputShape: Shape { Shape(batch, height, width, inputChannels) }
  var weightsShape: Shape { Shape(geometry.kernelHeight, geometry.kernelWidth, inputChannels, outputChannels) }
  var outputShape: Shape {
    guard let outputPadding else { return geometry.outputShape(of: inputShape, outputChannels: outputChannels) }
    return geometry.transposedOutputShape(of: inputShape, outputChannels: outputChannels, outputPadding: outputPadding)
  }
  /// Float rounding of values near a large mean adds to the variance.
  var tolerance: Double { exact ? 0 : biasMean == 0 ? KernelCase.defaultTolerance : 1e-4 }

  /// Returns random values of a tensor.
  func values(_ shape: Shape, _ tensors: inout CaseTensors) -> ReferenceTensor {
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

  /// The cases of the variant, one for each pass.
  var cases: [KernelCase] {
    [Pass.forward, .backwardData, .backwardFilter].map { pass in
      KernelCase(name, pass, label(pass), tolerance: tolerance) { tensors in
        switch pass {
        case .forward: forward(&tensors)
        case .backwardData: backwardData(&tensors)
        default: backwardFilter(&tensors)
        }
      }
    }
  }

  private func forward(_ tensors: inout CaseTensors) -> any ReferencedOperation {
    let input = tensors.input("input", values(inputShape, &tensors), self.input)
    let weights = tensors.input("weights", values(weightsShape, &tensors), self.weights)
    let bias =
      self.bias
      ? tensors.input("bias", values(biasShape, &tensors).map { $0 + biasMean }.roundedToFloat, self.weights) : nil
    let output = tensors.output("output", outputShape, self.output)
    if isTransposed {
      return TransposedConvolutionForward(
        input: input, weights: weights, bias: bias, output: output, geometry: geometry)
    }
    return ConvolutionForward(
      input: input, weights: weights, bias: bias, output: output,
      statistics: statistics ? tensors.output("statistics", Shape(1, 1, 2, outputChannels)) : nil, geometry: geometry)
  }

  private func backwardData(_ tensors: inout CaseTensors) -> any ReferencedOperation {
    let outputGradient = tensors.input("outputGradient", values(outputShape, &tensors), output)
    let weights = tensors.input("weights", values(weightsShape, &tensors), self.weights)
    let inputGradient = tensors.output("inputGradient", inputShape, input)
    if isTransposed {
      return TransposedConvolutionBackwardData(
        outputGradient: outputGradient, weights: weights, inputGradient: inputGradient, geometry: geometry)
    }
    return ConvolutionBackwardData(
      outputGradient: outputGradient, weights: weights, inputGradient: inputGradient, geometry: geometry)
  }

  private func backwardFilter(_ tensors: inout CaseTensors) -> any ReferencedOperation {
    let input = tensors.input("input", values(inputShape, &tensors), self.input)
    let outputGradient = tensors.input("outputGradient", values(outputShape, &tensors), output)
    let oldWeights = accumulate ? values(weightsShape, &tensors) : nil
    let oldBias = accumulate && bias ? values(biasShape, &tensors) : nil
    let weightsGradient = tensors.output("weightsGradient", weightsShape, weights, addingTo: oldWeights)
    let biasGradient = bias ? tensors.output("biasGradient", biasShape, weights, addingTo: oldBias) : nil
    if isTransposed {
      return TransposedConvolutionBackwardFilter(
        input: input, outputGradient: outputGradient, weightsGradient: weightsGradient, biasGradient: biasGradient,
        geometry: geometry, accumulate: accumulate)
    }
    return ConvolutionBackwardFilter(
      input: input, outputGradient: outputGradient, weightsGradient: weightsGradient, biasGradient: biasGradient,
      geometry: geometry, accumulate: accumulate)
  }
}
