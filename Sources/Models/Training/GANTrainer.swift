import Runtime

/// Trains the conditional DCGAN: the discriminator on photographs and on the generator's colors, then the generator on the
/// discriminator's answer and the L1 distance (Isola et al. 2017, equation 4), each with Adam (0.5, 0.999).
public final class GANTrainer: Trainer {
  public let generator: UNet
  public let discriminator: Discriminator
  public let predictor: Predictor
  public let order: ImageOrder
  public let planMemory: PlanMemory
  private let losses: LossSums
  private let plan: Plan
  private let first = Variable(0)
  private let step = Variable(0)
  private let rate: Variable<Float>

  /// Plans a step, allocates everything it needs, and fills the weights.
  /// - Parameters:
  ///   - order: of the training photographs among `images`.
  ///   - validationOrder: of the photographs that `predictor` colors.
  public init(
    _ configuration: ModelConfiguration, options: TrainingOptions, images: DeviceImages, order: ImageOrder,
    validationOrder: ImageOrder, on backend: any Backend
  ) throws(BackendError) {
    self.order = order
    generator = UNet(configuration)
    discriminator = Discriminator(configuration)
    rate = Variable(options.learningRate)
    try generator.parameters.allocate(on: backend, training: true)
    try discriminator.parameters.allocate(on: backend, training: true)
    try generator.parameters.initialize(on: backend, seed: options.seed, firstStream: RandomStream.generatorWeights)
    try discriminator.parameters.initialize(
      on: backend, seed: options.seed, firstStream: RandomStream.discriminatorWeights)
    losses = try LossSums(["d_real", "d_fake", "g_adversarial", "g_l1"], on: backend)

    let step = GANStep(
      generator: generator, discriminator: discriminator, losses: losses, learningRate: rate, step: step,
      l1Weight: options.l1Weight)
    let builder = PlanBuilder()
    step.emit(images: images, order: order, first: first, batchSize: options.batchSize, builder)
    let prediction = PredictionBuilder(
      generator, kind: .gan, images: images, order: validationOrder, batchSize: options.batchSize)
    let compiler = PlanCompiler(backend: backend)
    planMemory = compiler.memory(for: [builder, prediction.builder])
    let plans = try compiler.compile([builder, prediction.builder])
    plan = plans[0]
    predictor = Predictor(prediction, plan: plans[1], kind: .gan, order: validationOrder, on: backend)
  }

  public var networks: [(name: String, parameters: ParameterSet)] {
    [("generator", generator.parameters), ("discriminator", discriminator.parameters)]
  }
  public var lossNames: [String] { losses.names }
  public var stepCount: Int {
    get { step.value }
    set { step.value = newValue }
  }
  public var learningRate: Float {
    get { rate.value }
    set { rate.value = newValue }
  }

  public func step(first: Int) throws(BackendError) {
    self.first.value = first
    step.value += 1
    try plan.run()
  }

  public func takeLosses() throws(BackendError) -> [Float] { try losses.take() }
}
