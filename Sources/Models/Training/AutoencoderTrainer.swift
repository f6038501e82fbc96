import Runtime

/// Trains the U-Net on the mean squared error of its colors, with Adam (0.9, 0.999).
public final class AutoencoderTrainer: Trainer {
  public let generator: UNet
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
    rate = Variable(options.learningRate)
    let parameters = generator.parameters
    try parameters.allocate(on: backend, training: true)
    try parameters.initialize(on: backend, seed: options.seed, firstStream: RandomStream.generatorWeights)
    losses = try LossSums(["mse"], on: backend)

    let builder = PlanBuilder()
    Self.emitStep(
      generator, images: images, order: order, first: first, batchSize: options.batchSize, loss: losses.slot(0), builder
    )
    builder.append(parameters.adam(learningRate: rate, step: step, beta1: 0.9, beta2: 0.999))
    let prediction = PredictionBuilder(
      generator, kind: .unet, images: images, order: validationOrder, batchSize: options.batchSize)
    let compiler = PlanCompiler(backend: backend)
    planMemory = compiler.memory(for: [builder, prediction.builder])
    let plans = try compiler.compile([builder, prediction.builder])
    plan = plans[0]
    predictor = Predictor(prediction, plan: plans[1], kind: .unet, order: validationOrder, on: backend)
  }

  /// Emits a step but for the optimizer: batch, colors, loss, gradients.
  static func emitStep(
    _ network: UNet, images: DeviceImages, order: ImageOrder, first: Variable<Int>, batchSize: Int, loss: Tensor,
    _ builder: PlanBuilder
  ) {
    let shape = images.tensor.shape
    let color = builder.tensor("color", Shape(batchSize, shape.height, shape.width, 3))
    let gray = builder.tensor("gray", Shape(batchSize, shape.height, shape.width, 1))
    builder.append(
      BatchGather(
        images: images.tensor, indices: order.tensor, first: first, color: color, gray: gray,
        scale: ModelKind.unet.colorScale, shift: ModelKind.unet.colorShift))
    let tape = Tape(
      builder, network.parameters, mode: .training(parameterGradients: true, accumulate: false), label: "generator")
    let prediction = network(gray, tape)
    builder.append(
      MeanSquaredError(
        prediction: prediction, target: color, loss: loss, gradient: tape.gradientDestination(of: prediction).gradient))
    tape.emitBackward()
  }

  public var networks: [(name: String, parameters: ParameterSet)] { [("generator", generator.parameters)] }
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
