import Runtime

/// A model with its optimizer on a device: runs training steps on batches of one data set.
public final class Trainer {
  /// Which training photographs come when.
  public let order: ImageOrder
  /// Colors the validation photographs, in the memory of the training steps.
  public let predictor: Predictor
  /// What the steps need beside the parameters.
  public let planMemory: PlanMemory
  private let step: any TrainingStep
  private let source: BatchSource
  private let adam: AdamSchedule
  private let average: GeneratorAverage?
  private let options: TrainingOptions
  private let lossSums: LossSums
  private let plan: Plan

  /// Plans a step, allocates everything it needs, and fills the weights.
  /// - Parameters:
  ///   - order: of the training photographs among `images`.
  ///   - validationOrder: of the photographs that `predictor` colors; its capacity is a multiple of the batch size.
  public init(
    _ configuration: ModelConfiguration, options: TrainingOptions, images: DeviceImages, order: ImageOrder,
    validationOrder: ImageOrder, on backend: any Backend
  ) throws(BackendError) {
    self.order = order
    self.options = options
    step = configuration.trainingStep(options)
    for (_, parameters, stream) in step.networks {
      try parameters.allocate(on: backend, training: true)
      try parameters.initialize(on: backend, seed: options.seed, firstStream: stream)
    }
    average =
      options.averageDecay > 0 ? GeneratorAverage(configuration, decay: options.averageDecay) : nil
    if let parameters = average?.network.parameters {
      try parameters.allocate(on: backend, training: false)
      try parameters.initialize(on: backend, seed: options.seed, firstStream: RandomStream.generatorWeights)
    }
    adam = AdamSchedule(options)
    lossSums = try LossSums(step.lossNames, on: backend)
    source = BatchSource(images: images, order: order, batchSize: options.batchSize)

    let builder = PlanBuilder()
    step.emit(source, losses: lossSums.tensor, adam: adam, into: builder)
    average?.emit(step.generator, into: builder)
    let prediction = PredictionBuilder(
      average?.network ?? step.generator, configuration,
      BatchSource(images: images, order: validationOrder, batchSize: options.batchSize))
    let compiler = PlanCompiler(backend: backend)
    planMemory = try compiler.memory(for: [builder, prediction.builder])
    let plans = try compiler.compile([builder, prediction.builder])
    plan = plans[0]
    predictor = Predictor(
      prediction, plan: plans[1], order: validationOrder, on: backend)
  }

  /// The network that colors: the generator, or the average of its weights.
  public var generator: UNet { average?.network ?? step.generator }

  /// All networks with their names in a training state, the generator first.
  public var networks: [(name: String, parameters: ParameterSet)] {
    step.networks.map { ($0.name, $0.parameters) }
      + (average.map { [("generator_average", $0.network.parameters)] } ?? [])
  }

  /// What the losses are called, in the order of `losses()`.
  public var lossNames: [String] { step.lossNames }

  /// Index of the loss that says how close the colors come to the photographs'.
  public var colorLoss: Int { step.colorLoss }

  /// The operations of a step, in order.
  public var operations: [any Operation] { plan.operations }

  /// Steps taken so far; Adam's t.
  public var stepCount: Int {
    get { adam.step.value }
    set { adam.step.value = newValue }
  }

  /// The generator's. The discriminator's is always as many times that as in the options.
  public var learningRate: Float {
    get { adam.learningRate.value }
    set {
      adam.learningRate.value = newValue
      let ratio = options.discriminatorLearningRate.map { $0 / options.learningRate }
      adam.discriminatorLearningRate.value = ratio.map { newValue * $0 } ?? newValue
    }
  }

  /// Puts one training step into the device's queue.
  /// - Parameter first: position in `order` of the batch's first photograph.
  public func step(first: Int) throws(BackendError) {
    try source.move(to: first)
    adam.step.value += 1
    average?.prepare(forStep: adam.step.value)
    try plan.run()
  }

  /// Times every operation of a step by itself: the median over `steps` steps, in seconds.
  func profile(steps: Int) throws(BackendError) -> [(operation: any Operation, seconds: Double)] {
    adam.step.value += 1
    return Array(zip(plan.operations, try plan.profile(count: steps))).map { ($0, $1) }
  }

  /// Waits for the device, and returns the losses' sums over the steps since `takeLosses`, in float32 on the device.
  public func losses() throws(BackendError) -> [Float] { try lossSums.read() }

  /// Returns the losses' sums and lets them start again from zero.
  public func takeLosses() throws(BackendError) -> [Float] {
    let sums = try lossSums.read()
    try lossSums.clear()
    return sums
  }

  /// Lets the losses' sums go on from what `losses` returned in another process.
  func restoreLosses(_ sums: [Float]) throws(BackendError) { try lossSums.restore(sums) }
}
