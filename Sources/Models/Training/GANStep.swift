import Runtime

/// A step of the conditional GAN (Isola et al. 2017, equation 4).
///
/// 1. Gather a batch; the generator colors it.
/// 2. Discriminator: ½ BCE(D(gray, true colors), 0.9) + ½ BCE(D(gray, colors), 0), gradients, Adam (0.5, 0.999). The
///    real and the fake batch are normalized separately.
/// 3. Generator: BCE(D(gray, colors), 1) + λ L1(colors, true colors) through the discriminator just updated, gradients,
///    Adam (0.5, 0.999). The L1 term may be rebalanced.
struct GANStep: TrainingStep {
  /// 2 · byte / 255 − 1, in −1...1.
  static let rgbEncoding = ColorEncoding.rgb(scale: 2 / 255, shift: -1)
  static let outputActivation: Activation? = .tanh
  /// Radford, Metz and Chintala 2015.
  static let initialWeights: InitialValue? = .random(.normal(mean: 0, deviation: 0.02))
  /// The discriminator's last kernel needs a map of at least 2×2.
  static let smallestImageExtent = 32
  static let studyLearningRate: (initial: Float, decay: Float) = (2e-4, 1)
  /// The discriminator's target for real images: one-sided label smoothing (Salimans et al. 2016).
  private static let realTarget: Float = 0.9

  let generator: any ColorNetwork
  let lossNames = ["d_real", "d_fake", "g_adversarial", "g_l1"]
  let colorLoss = 3
  private let discriminator: Discriminator
  private let encoding: ColorEncoding
  private let l1Weight: Float

  init(_ configuration: ModelConfiguration, _ options: TrainingOptions) {
    encoding = configuration.encoding
    generator = configuration.makeNetwork()
    discriminator = Discriminator(configuration, spectralNorm: options.spectralNorm)
    l1Weight = options.l1Weight
  }

  var networks: [(name: String, network: any Network)] {
    [("generator", generator), ("discriminator", discriminator)]
  }

  func emit(
    _ batches: BatchStream, losses: Tensor, rebalancing: ColorRebalancing?, adam: AdamSchedule,
    into builder: PlanBuilder
  ) {
    // Channel 0 is the gray image, the others its colors, which the batch and the generator write without a copy.
    let real = builder.tensor("real", batches.shape(channels: discriminator.inputChannels))
    let fake = builder.tensor("fake", batches.shape(channels: discriminator.inputChannels))
    let gray = real.channels(0..<1)
    let trueColors = real.channels(1..<discriminator.inputChannels)
    let colors = fake.channels(1..<discriminator.inputChannels)
    builder.append(batches.gather(color: trueColors, gray: gray, encoding))
    builder.append(Concatenation(inputs: [gray], output: fake.channels(0..<1)))
    let generatorTape = Tape(
      builder, generator.parameters, mode: .training(parameterGradients: true, accumulate: false), label: "generator")
    _ = generator(gray, into: colors, generatorTape)

    let weights = discriminator.normalizedWeights("discriminator", builder)
    emitDiscriminator(
      on: real, weights, target: Self.realTarget, loss: losses.channels(0..<1), accumulate: false,
      "discriminator real", builder)
    emitDiscriminator(
      on: fake, weights, target: 0, loss: losses.channels(1..<2), accumulate: true, "discriminator fake", builder)
    weights.emitGradients(discriminator.parameters, builder)
    builder.append(
      discriminator.parameters.adam(adam.discriminatorLearningRate, step: adam.step, beta1: 0.5, beta2: 0.999))

    // The updated discriminator, without gradients of its weights.
    let judgeTape = Tape(
      builder, discriminator.parameters, mode: .training(parameterGradients: false, accumulate: false), label: "judge",
      spectralWeights: discriminator.normalizedWeights("judge", builder))
    let logits = discriminator(fake, into: nil, needsInputGradient: true, judgeTape)
    builder.append(
      BinaryCrossEntropy(
        logits: logits, target: 1, loss: losses.channels(2..<3),
        gradient: judgeTape.gradientDestination(of: logits).gradient))
    judgeTape.emitBackward()
    let colorWeights = rebalancing?.weights(of: trueColors, into: builder)
    builder.append(
      PixelwiseLoss(
        .l1, prediction: colors, target: trueColors, weights: colorWeights, loss: losses.channels(3..<4),
        gradient: judgeTape.gradient(of: colors), weight: l1Weight, accumulate: true))
    generatorTape.adoptGradient(of: colors, from: judgeTape)
    generatorTape.emitBackward()
    builder.append(generator.parameters.adam(adam.learningRate, step: adam.step, beta1: 0.5, beta2: 0.999))
  }

  /// Emits one half of the discriminator's loss and its gradients.
  private func emitDiscriminator(
    on input: Tensor, _ weights: SpectralWeights, target: Float, loss: Tensor, accumulate: Bool, _ label: String,
    _ builder: PlanBuilder
  ) {
    let tape = Tape(
      builder, discriminator.parameters, mode: .training(parameterGradients: true, accumulate: accumulate),
      label: label, spectralWeights: weights)
    let logits = discriminator(input, tape)
    builder.append(
      BinaryCrossEntropy(
        logits: logits, target: target, loss: loss, gradient: tape.gradientDestination(of: logits).gradient,
        weight: 0.5))
    tape.emitBackward()
  }
}
