import Runtime

/// Batch normalization with the LeakyReLU that follows it: PyTorch's `BatchNorm2d` and `LeakyReLU`.
struct BatchNormalizationLayer {
  let name: String
  private let slope: Float
  private let scale: Parameter
  private let shift: Parameter
  private let runningMean: Parameter
  private let runningVariance: Parameter

  init(_ name: String, channels: Int, slope: Float, in parameters: ParameterSet) {
    self.name = name
    self.slope = slope
    scale = parameters.trained("\(name).weight", Shape(vector: channels), .vector, .constant(1))
    shift = parameters.trained("\(name).bias", Shape(vector: channels), .vector, .constant(0))
    runningMean = parameters.tracked("\(name).running_mean", count: channels, initialValue: .constant(0))
    runningVariance = parameters.tracked("\(name).running_var", count: channels, initialValue: .constant(1))
  }

  /// Emits the layer. In inference, without a destination, it works in place.
  /// - Parameter pooling: max-pooling that follows the layer.
  /// - Returns: the layer's output; with `pooling`, that of the pooling.
  func callAsFunction(
    _ input: Tensor, into destination: Tensor? = nil, pooling: MaxPoolingLayer? = nil, _ tape: Tape
  ) -> Tensor {
    let channels = Shape(vector: input.shape.channels)
    tape.summarize(
      LayerSummary(
        name: name, kind: "BatchNorm2d, LeakyReLU", outputShape: input.shape, parameterCount: 2 * channels.count,
        multiplyAdds: input.shape.count / input.shape.batch))
    let scale = tape.parameters.value(of: scale)
    let shift = tape.parameters.value(of: shift)
    let runningMean = tape.parameters.value(of: runningMean)
    let runningVariance = tape.parameters.value(of: runningVariance)
    guard tape.isTraining else {
      let output = destination ?? input
      tape.append(
        BatchNormalizationInference(
          input: input, scale: scale, shift: shift, runningMean: runningMean, runningVariance: runningVariance,
          output: output, activation: .leakyReLU(slope: slope)),
        of: name)
      return pooling.map { $0(output, tape) } ?? output
    }
    let output = destination ?? tape.tensor("\(name).output", input.shape)
    let pooled = pooling?.fused(onto: output, tape)
    let mean = tape.tensor("\(name).mean", channels)
    let inverseDeviation = tape.tensor("\(name).inverse deviation", channels)
    let statistics = tape.exchangedStatistics(of: input)
    tape.append(
      BatchNormalizationForward(
        input: input, statistics: statistics?.moments, population: statistics?.population, scale: scale, shift: shift,
        runningMean: runningMean, runningVariance: runningVariance, savedMean: mean,
        savedInverseDeviation: inverseDeviation, output: output, pooling: pooled,
        activation: .leakyReLU(slope: slope)),
      of: name)
    tape.record { [self] in
      if output.isDense { tape.shareGradient(of: input, with: output) }
      let pooledGradient = pooled.map {
        BatchNormalizationPooling(output: tape.gradient(of: $0.output), indices: $0.indices)
      }
      let (inputGradient, _) = tape.gradientDestination(of: input)
      emit(
        BatchNormalizationBackward(
          input: input, scale: scale, shift: shift, savedMean: mean, savedInverseDeviation: inverseDeviation,
          outputGradient: tape.gradient(of: output), pooling: pooledGradient, inputGradient: inputGradient,
          scaleGradient: parameterGradient(self.scale, tape), shiftGradient: parameterGradient(self.shift, tape),
          accumulate: tape.wantsParameterGradients && tape.accumulates, activation: .leakyReLU(slope: slope)),
        tape)
    }
    return pooled?.output ?? output
  }

  /// Emits the gradients; where replicas meet, in two halves with the meeting in between.
  private func emit(_ gradients: BatchNormalizationBackward, _ tape: Tape) {
    guard let meetings = tape.meetings else { return tape.append(gradients, of: name) }
    let shape = gradients.input.shape
    let means = meetings.place(for: .gradientMeans, channels: shape.channels)
    tape.append(
      BatchNormalizationGradientMeans(gradients, population: meetings.population(of: shape), means: means.own),
      of: name)
    meetings.meet()
    tape.append(BatchNormalizationInputGradient(gradients, means: means.all), of: name)
  }

  /// The tensor for a parameter's gradient. A pass that needs the input's gradient alone computes the parameters' as
  /// well, and discards them.
  private func parameterGradient(_ parameter: Parameter, _ tape: Tape) -> Tensor {
    tape.wantsParameterGradients
      ? tape.parameters.gradient(of: parameter)
      : tape.tensor("\(parameter.name).unused gradient", parameter.shape)
  }
}
