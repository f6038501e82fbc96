import Runtime

/// A convolution with bias, or its transpose: PyTorch's `Conv2d` and `ConvTranspose2d`.
struct ConvolutionLayer {
  let name: String
  let geometry: ConvolutionGeometry
  /// Rows and columns added at the end of a transposed convolution's output; nil for a plain convolution.
  let outputPadding: Int?
  let outputChannels: Int
  private let weight: Parameter
  private let bias: Parameter
  /// Whether a batch norm comes next. The gradient of the bias is then zero, and is not computed; and the convolution
  /// computes the statistics that the batch norm needs.
  private let feedsBatchNorm: Bool
  /// u of the power iteration, see `SpectralNormalizationForward`; nil where the weights are not divided by their
  /// spectral norm.
  private let spectralVector: Parameter?

  /// - Parameters:
  ///   - weights: initial value of the weights; PyTorch's default where nil. The bias always has PyTorch's default.
  ///   - feedsBatchNorm: whether a batch norm comes next.
  ///   - spectralNorm: whether passes may read the weights divided by their spectral norm.
  init(
    _ name: String, from inputChannels: Int, to outputChannels: Int, _ geometry: ConvolutionGeometry,
    outputPadding: Int? = nil, weights: InitialValue? = nil, feedsBatchNorm: Bool = false, spectralNorm: Bool = false,
    in parameters: ParameterSet
  ) {
    // PyTorch takes the second extent of the weights for the fan-in, which in a transposed kernel is the output
    // channels.
    let fanIn = (outputPadding == nil ? inputChannels : outputChannels) * geometry.taps
    self.name = name
    self.geometry = geometry
    self.outputPadding = outputPadding
    self.outputChannels = outputChannels
    self.feedsBatchNorm = feedsBatchNorm
    weight = parameters.trained(
      "\(name).weight", Shape(geometry.kernelHeight, geometry.kernelWidth, inputChannels, outputChannels),
      outputPadding == nil ? .convolution : .transposedConvolution, weights ?? .uniform(fanIn: fanIn))
    bias = parameters.trained("\(name).bias", Shape(vector: outputChannels), .vector, .uniform(fanIn: fanIn))
    spectralVector =
      spectralNorm
      ? parameters.tracked(
        "\(name).weight_u", count: outputChannels, initialValue: .random(.normal(mean: 0, deviation: 1)))
      : nil
  }

  /// Emits the division of the weights by their spectral norm, if they have one.
  func normalizeWeights(
    of parameters: ParameterSet, _ label: String, into weights: SpectralWeights, _ builder: PlanBuilder
  ) {
    guard let spectralVector else { return }
    let normalization = SpectralNormalizationForward(
      weights: parameters.value(of: weight), outputVector: parameters.value(of: spectralVector),
      inputVector: builder.tensor("\(label).\(name).weight_v", Shape(vector: weight.shape.pixelCount)),
      norm: builder.tensor("\(label).\(name).weight_norm", Shape(vector: 1)),
      output: builder.tensor("\(label).\(name).weight", weight.shape))
    let label = OperationLabel(name, in: label)
    builder.append(normalization, label)
    weights.add(normalization, of: weight, label)
  }

  func outputShape(of input: Shape) -> Shape {
    if let outputPadding {
      geometry.transposedOutputShape(of: input, outputChannels: outputChannels, outputPadding: outputPadding)
    } else {
      geometry.outputShape(of: input, outputChannels: outputChannels)
    }
  }

  /// Emits the layer.
  /// - Parameters:
  ///   - destination: the tensor to write; a new one where nil.
  ///   - needsInputGradient: false for the first layer, whose input is data.
  func callAsFunction(
    _ input: Tensor, into destination: Tensor? = nil, needsInputGradient: Bool = true, _ tape: Tape
  ) -> Tensor {
    let output = destination ?? tape.tensor("\(name).output", outputShape(of: input.shape))
    summarize(input, output, tape)
    let weights = tape.spectralWeights?.value(of: weight) ?? tape.parameters.value(of: weight)
    let bias = tape.parameters.value(of: bias)
    if outputPadding == nil {
      tape.append(
        ConvolutionForward(
          input: input, weights: weights, bias: bias, output: output,
          statistics: feedsBatchNorm && tape.isTraining ? tape.makeStatistics(of: output) : nil, geometry: geometry),
        of: name)
    } else {
      tape.append(
        TransposedConvolutionForward(input: input, weights: weights, bias: bias, output: output, geometry: geometry),
        of: name)
    }
    tape.record { [self] in
      if tape.wantsParameterGradients { emitBackwardFilter(input, output, tape) }
      if needsInputGradient { emitBackwardData(input, output, weights, tape) }
    }
    return output
  }

  private func emitBackwardFilter(_ input: Tensor, _ output: Tensor, _ tape: Tape) {
    let weightsGradient = tape.parameters.gradient(of: weight)
    let biasGradient = feedsBatchNorm ? nil : tape.parameters.gradient(of: bias)
    if outputPadding == nil {
      tape.append(
        ConvolutionBackwardFilter(
          input: input, outputGradient: tape.gradient(of: output), weightsGradient: weightsGradient,
          biasGradient: biasGradient, geometry: geometry, accumulate: tape.accumulates),
        of: name)
    } else {
      tape.append(
        TransposedConvolutionBackwardFilter(
          input: input, outputGradient: tape.gradient(of: output), weightsGradient: weightsGradient,
          biasGradient: biasGradient, geometry: geometry, accumulate: tape.accumulates),
        of: name)
    }
  }

  private func emitBackwardData(_ input: Tensor, _ output: Tensor, _ weights: Tensor, _ tape: Tape) {
    let (inputGradient, accumulate) = tape.gradientDestination(of: input)
    precondition(!accumulate, "a convolution overwrites its input's gradient, so it must be the first to write it")
    if outputPadding == nil {
      tape.append(
        ConvolutionBackwardData(
          outputGradient: tape.gradient(of: output), weights: weights, inputGradient: inputGradient,
          geometry: geometry),
        of: name)
    } else {
      tape.append(
        TransposedConvolutionBackwardData(
          outputGradient: tape.gradient(of: output), weights: weights, inputGradient: inputGradient,
          geometry: geometry),
        of: name)
    }
  }

  private func summarize(_ input: Tensor, _ output: Tensor, _ tape: Tape) {
    let type = outputPadding == nil ? "Conv2d" : "ConvTranspose2d"
    let multiplyAdds =
      outputPadding == nil
      ? geometry.multiplyAdds(output: output.shape, inputChannels: input.shape.channels)
      : geometry.multiplyAdds(output: input.shape, inputChannels: output.shape.channels)
    tape.summarize(
      LayerSummary(
        name: name, kind: "\(type) \(geometry.kernelHeight)×\(geometry.kernelWidth)", outputShape: output.shape,
        parameterCount: weight.shape.count + bias.shape.count, multiplyAdds: multiplyAdds / input.shape.batch))
  }
}

/// The weights of a network divided by their spectral norms, for the passes between two updates of them.
final class SpectralWeights {
  private var normalizations: [(parameter: Parameter, forward: SpectralNormalizationForward, label: OperationLabel)] =
    []

  func add(_ normalization: SpectralNormalizationForward, of parameter: Parameter, _ label: OperationLabel) {
    normalizations.append((parameter, normalization, label))
  }

  /// The divided copy of a parameter; nil for one that is not divided.
  func value(of parameter: Parameter) -> Tensor? {
    normalizations.first { $0.parameter.offset == parameter.offset }?.forward.output
  }

  /// Emits the operations that turn the gradients of the divided weights, summed over all passes, into those of the
  /// weights.
  func emitGradients(_ set: ParameterSet, _ builder: PlanBuilder) {
    for (parameter, forward, label) in normalizations {
      builder.append(
        SpectralNormalizationBackward(
          output: forward.output, outputVector: forward.outputVector, inputVector: forward.inputVector,
          norm: forward.norm, gradient: set.gradient(of: parameter)),
        label)
    }
  }
}
