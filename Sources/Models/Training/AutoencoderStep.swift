import Runtime

/// A step of the autoencoder: the mean squared error of its colors, with Adam (0.9, 0.999).
struct AutoencoderStep: TrainingStep {
  let generator: UNet
  let lossNames = ["mse"]
  let colorLoss = 0
  private let configuration: ModelConfiguration

  init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    generator = UNet(configuration)
  }

  var networks: [(name: String, parameters: ParameterSet, stream: UInt64)] {
    [("generator", generator.parameters, RandomStream.generatorWeights)]
  }

  func emit(_ source: BatchSource, losses: Tensor, adam: AdamSchedule, into builder: PlanBuilder) {
    let color = builder.tensor("color", source.shape(channels: configuration.encoding.colorChannels))
    let gray = builder.tensor("gray", source.shape(channels: 1))
    builder.append(source.gather(configuration, color: color, gray: gray))
    let tape = Tape(
      builder, generator.parameters, mode: .training(parameterGradients: true, accumulate: false), label: "generator")
    let prediction = generator(gray, tape)
    builder.append(
      PixelwiseLoss(
        .meanSquared, prediction: prediction, target: color, loss: losses.channels(0..<1),
        gradient: tape.gradientDestination(of: prediction).gradient))
    tape.emitBackward()
    builder.append(generator.parameters.adam(adam.learningRate, step: adam.step, beta1: 0.9, beta2: 0.999))
  }
}
