import Runtime

/// The order of work in one step of the conditional GAN.
///
/// 1. Gather a batch; the generator colors it.
/// 2. Discriminator: ½ BCE(D(gray, photograph), 0.9) + ½ BCE(D(gray, colors), 0), gradients, Adam. The real and the fake batch
///    are normalized apart.
/// 3. Generator: BCE(D(gray, colors), 1) + λ L1(colors, photograph) through the discriminator just updated, gradients, Adam.
struct GANStep {
  let generator: UNet
  let discriminator: Discriminator
  let losses: LossSums
  let learningRate: Variable<Float>
  let step: Variable<Int>
  let l1Weight: Float

  func emit(images: DeviceImages, order: ImageOrder, first: Variable<Int>, batchSize: Int, _ builder: PlanBuilder) {
    let shape = images.tensor.shape
    let pair = Shape(batchSize, shape.height, shape.width, Discriminator.inputChannels)
    // Channel 0 is the gray image, channels 1 to 3 its colors. The batch, and the generator, write into them directly.
    let real = builder.tensor("real", pair)
    let fake = builder.tensor("fake", pair)
    let gray = real.channels(0..<1)
    let photograph = real.channels(1..<4)
    let colors = fake.channels(1..<4)
    builder.append(
      BatchGather(
        images: images.tensor, indices: order.tensor, first: first, color: photograph, gray: gray,
        scale: ModelKind.gan.colorScale, shift: ModelKind.gan.colorShift))
    builder.append(Concatenation(inputs: [gray], output: fake.channels(0..<1)))
    let generatorTape = Tape(
      builder, generator.parameters, mode: .training(parameterGradients: true, accumulate: false), label: "generator")
    _ = generator(gray, into: colors, generatorTape)

    emitDiscriminator(on: real, target: GANRecipe.realTarget, slot: 0, accumulate: false, "discriminator real", builder)
    emitDiscriminator(on: fake, target: 0, slot: 1, accumulate: true, "discriminator fake", builder)
    builder.append(discriminator.parameters.adam(learningRate: learningRate, step: step, beta1: 0.5, beta2: 0.999))

    let judgeTape = Tape(
      builder, discriminator.parameters, mode: .training(parameterGradients: false, accumulate: false), label: "judge")
    let logits = discriminator(fake, needsInputGradient: true, judgeTape)
    builder.append(
      BinaryCrossEntropy(
        logits: logits, target: 1, loss: losses.slot(2), gradient: judgeTape.gradientDestination(of: logits).gradient))
    judgeTape.emitBackward()
    builder.append(
      L1Loss(
        prediction: colors, target: photograph, loss: losses.slot(3), gradient: judgeTape.gradient(of: colors),
        weight: l1Weight, accumulate: true))
    generatorTape.adoptGradient(of: colors, from: judgeTape)
    generatorTape.emitBackward()
    builder.append(generator.parameters.adam(learningRate: learningRate, step: step, beta1: 0.5, beta2: 0.999))
  }

  /// Emits one half of the discriminator's loss and its gradients.
  private func emitDiscriminator(
    on input: Tensor, target: Float, slot: Int, accumulate: Bool, _ label: String, _ builder: PlanBuilder
  ) {
    let tape = Tape(
      builder, discriminator.parameters, mode: .training(parameterGradients: true, accumulate: accumulate),
      label: label)
    let logits = discriminator(input, needsInputGradient: false, tape)
    builder.append(
      BinaryCrossEntropy(
        logits: logits, target: target, loss: losses.slot(slot),
        gradient: tape.gradientDestination(of: logits).gradient, weight: 0.5))
    tape.emitBackward()
  }
}
