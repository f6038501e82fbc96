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

  /// Colors that the generator made of a replica's part of the batch, and all that their gradients need.
  private struct Coloring {
    /// Channel 0 is the gray image, the others its colors, which the batch and the generator write without a copy.
    let real: Tensor
    let fake: Tensor
    let tape: Tape

    var trueColors: Tensor { real.channels(1..<real.shape.channels) }
    var colors: Tensor { fake.channels(1..<fake.shape.channels) }
  }

  func emit(
    _ batches: BatchStream, replicas: Replicas, losses: Tensor, rebalancing: ColorRebalancing?, adam: AdamSchedule,
    into builder: PlanBuilder
  ) {
    let lockstep = Lockstep(replicas, into: builder)
    let generatorSums = ReplicaSums(of: generator.parameters, "generator", over: replicas, into: builder)
    let colorings = (0..<replicas.localCount).map { replica in
      emitColoring(batches, part: replica, generatorSums.view(of: replica), lockstep)
    }
    lockstep.join()

    let weights = discriminator.normalizedWeights("discriminator", builder)
    let sums = ReplicaSums(of: discriminator.parameters, "discriminator", over: replicas, into: builder)
    for (replica, coloring) in colorings.enumerated() {
      let view = sums.view(of: replica)
      let gradientWeight = 0.5 * replicas.share
      let real = Tape(
        lockstep.builder(of: replica), view, mode: .training(parameterGradients: true, accumulate: false),
        label: "discriminator real", meetings: lockstep.meetings(of: replica), spectralWeights: weights)
      emitDiscriminator(
        on: coloring.real, real, target: Self.realTarget, loss: loss(0, of: replica, in: losses), gradientWeight)
      let fake = Tape(
        lockstep.builder(of: replica), view, mode: .training(parameterGradients: true, accumulate: true),
        label: "discriminator fake", meetings: lockstep.meetings(of: replica), spectralWeights: weights)
      emitDiscriminator(
        on: coloring.fake, fake, target: 0, loss: loss(1, of: replica, in: losses), gradientWeight)
      sums.add(replica)
    }
    lockstep.join()
    sums.finish()
    // Of the summed gradients, so once for all replicas.
    weights.emitGradients(discriminator.parameters, builder)
    builder.append(
      discriminator.parameters.adam(adam.discriminatorLearningRate, step: adam.step, beta1: 0.5, beta2: 0.999),
      .adam("discriminator"))

    // The updated discriminator, without gradients of its weights.
    let judgeWeights = discriminator.normalizedWeights("discriminator judge", builder)
    let judgeSums = ReplicaSums(
      of: discriminator.parameters, "discriminator judge", over: replicas, hasGradients: false, into: builder)
    for (replica, coloring) in colorings.enumerated() {
      let tape = Tape(
        lockstep.builder(of: replica), judgeSums.view(of: replica),
        mode: .training(parameterGradients: false, accumulate: false), label: "discriminator judge",
        meetings: lockstep.meetings(of: replica), spectralWeights: judgeWeights)
      emitGenerator(
        coloring, tape, rebalancing, (loss(2, of: replica, in: losses), loss(3, of: replica, in: losses)),
        share: replicas.share)
      generatorSums.add(replica)
    }
    lockstep.join()
    judgeSums.finish()
    generatorSums.finish()
    builder.append(
      generator.parameters.adam(adam.learningRate, step: adam.step, beta1: 0.5, beta2: 0.999), .adam("generator"))
  }

  /// A loss of a replica: the element that it is added to, and the label of its operations.
  private typealias Loss = (sum: Tensor, label: OperationLabel)

  private func loss(_ index: Int, of replica: Int, in losses: Tensor) -> Loss {
    (losses.loss(index, of: replica), .loss(lossNames[index]))
  }

  /// Emits a part of the batch and its coloring.
  private func emitColoring(
    _ batches: BatchStream, part: Int, _ parameters: ParameterView, _ lockstep: Lockstep
  ) -> Coloring {
    let builder = lockstep.builder(of: part)
    let shape = batches.shape(channels: discriminator.inputChannels)
    let coloring = Coloring(
      real: builder.tensor("real", shape), fake: builder.tensor("fake", shape),
      tape: Tape(
        builder, parameters, mode: .training(parameterGradients: true, accumulate: false), label: "generator",
        meetings: lockstep.meetings(of: part)))
    let gray = coloring.real.channels(0..<1)
    builder.append(batches.gather(part: part, color: coloring.trueColors, gray: gray, encoding), .batch)
    builder.append(Concatenation(inputs: [gray], output: coloring.fake.channels(0..<1)), .batch)
    _ = generator(gray, into: coloring.colors, coloring.tape)
    return coloring
  }

  /// Emits one half of the discriminator's loss and its gradients.
  private func emitDiscriminator(
    on input: Tensor, _ tape: Tape, target: Float, loss: Loss, _ gradientWeight: Float
  ) {
    let logits = discriminator(input, tape)
    tape.builder.append(
      BinaryCrossEntropy(
        logits: logits, target: target, loss: loss.sum, gradient: tape.gradientDestination(of: logits).gradient,
        weight: gradientWeight),
      loss.label)
    tape.emitBackward()
  }

  /// Emits the generator's losses of a coloring and their gradients.
  /// - Parameters:
  ///   - judgeTape: for a pass of the discriminator.
  ///   - losses: the adversarial one and that of the colors.
  ///   - share: factor of the gradients.
  private func emitGenerator(
    _ coloring: Coloring, _ judgeTape: Tape, _ rebalancing: ColorRebalancing?,
    _ losses: (adversarial: Loss, l1: Loss), share: Float
  ) {
    let builder = judgeTape.builder
    let logits = discriminator(coloring.fake, into: nil, needsInputGradient: true, judgeTape)
    builder.append(
      BinaryCrossEntropy(
        logits: logits, target: 1, loss: losses.adversarial.sum,
        gradient: judgeTape.gradientDestination(of: logits).gradient, weight: share),
      losses.adversarial.label)
    judgeTape.emitBackward()
    let colorWeights = rebalancing?.weights(of: coloring.trueColors, into: builder, losses.l1.label)
    builder.append(
      PixelwiseLoss(
        .l1, prediction: coloring.colors, target: coloring.trueColors, weights: colorWeights, loss: losses.l1.sum,
        gradient: judgeTape.gradient(of: coloring.colors), weight: l1Weight * share, accumulate: true),
      losses.l1.label)
    coloring.tape.adoptGradient(of: coloring.colors, from: judgeTape)
    coloring.tape.emitBackward()
  }
}
