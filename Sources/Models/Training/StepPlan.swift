import Runtime

/// Everything that a training step of a model, and the prediction of a batch beside it, consist of: networks, losses,
/// batches, operations and the memory that they need. Making one touches no device.
public struct StepPlan {
  let options: TrainingOptions
  /// The replicas that share a batch.
  let replicas: Replicas
  let step: any TrainingStep
  /// The average of the generator's weights that colors in its place; nil without `TrainingOptions.averageDecay`.
  let average: GeneratorAverage?
  /// The weights of colors; nil without `TrainingOptions.rebalancing`.
  let rebalancing: ColorRebalancing?
  let adam: AdamSchedule
  /// The sums of the losses of this process's replicas, `[1, 1, replicas.localCount, step.lossNames.count]`.
  let losses: Tensor
  /// The batches to train on.
  let trainingBatches: BatchStream
  /// The batches to predict, such as those of a validation.
  let validationBatches: BatchStream
  /// The operations of the training step.
  let stepBuilder: PlanBuilder
  let prediction: Prediction

  /// Plans a step.
  /// - Parameters:
  ///   - replicas: those that share a batch, whose size they divide.
  ///   - images: the images of both streams.
  ///   - trainingCount: images to train on, of all replicas.
  ///   - validationCount: images to predict.
  ///   - rarity: the weights of colors, for `options.rebalancing` above 0 and not without.
  public init(
    _ configuration: ModelConfiguration, options: TrainingOptions, replicas: Replicas = .one, images: DeviceImages,
    trainingCount: Int, validationCount: Int, rarity: ColorRarity? = nil
  ) {
    precondition((options.rebalancing > 0) == (rarity != nil), "rebalancing, and weights of colors, or neither")
    let batchSize = options.batchSize
    self.options = options
    self.replicas = replicas
    step = configuration.kind.trainingStep.init(configuration, options)
    average = options.averageDecay > 0 ? GeneratorAverage(configuration, decay: options.averageDecay) : nil
    rebalancing = rarity.map(ColorRebalancing.init)
    adam = AdamSchedule(options)
    losses = Tensor("losses", Shape(1, 1, replicas.localCount, step.lossNames.count))
    trainingBatches = BatchStream(
      images,
      capacity: replicas.rankCount == 1 ? trainingCount : trainingCount / batchSize * batchSize / replicas.rankCount,
      batchSize: batchSize / replicas.rankCount, parts: replicas.localCount)
    // The algorithms of a prediction, and so its bits, may depend on the size of a batch, which must not depend on the
    // number of processes.
    validationBatches = BatchStream(images, count: validationCount, batchSize: batchSize / replicas.count)

    stepBuilder = PlanBuilder()
    step.emit(
      trainingBatches, replicas: replicas, losses: losses, rebalancing: rebalancing, adam: adam, into: stepBuilder)
    average?.emit(step.generator, into: stepBuilder)
    prediction = Prediction(average?.network ?? step.generator, configuration.encoding, validationBatches)
  }

  /// Plans a step on images of a size, for its operations and its memory alone.
  /// - Throws: where the model cannot take images of this size.
  public init(_ configuration: ModelConfiguration, height: Int, width: Int, batchSize: Int) throws(ModelError) {
    try configuration.validate(height: height, width: width)
    var options = TrainingOptions(recipeFor: configuration.kind)
    options.batchSize = batchSize
    self.init(
      configuration, options: options, images: DeviceImages(count: batchSize, height: height, width: width),
      trainingCount: batchSize, validationCount: batchSize)
  }

  /// The network that colors: the generator, or the average of its weights.
  var generator: any ColorNetwork { average?.network ?? step.generator }

  /// All networks with their names in a training state, the generator first and the average last.
  var networks: [(name: String, network: any Network)] {
    step.networks + (average.map { [("generator_average", $0.network)] } ?? [])
  }

  /// The operations of the training step, in order.
  public var trainingOperations: [any Operation] { stepBuilder.operations }

  /// The operations of the prediction of a batch, in order.
  public var predictionOperations: [any Operation] { prediction.builder.operations }

  // MARK: Memory

  /// The builders whose plans share their memory.
  var builders: [PlanBuilder] { [stepBuilder, prediction.builder] }

  /// The storages with memory of their own, in the order in which they are allocated, the images first.
  private var storages: [TensorStorage] {
    [trainingBatches.images.tensor, trainingBatches.places, validationBatches.places].map(\.storage)
      + step.networks.flatMap { $0.network.parameters.storages(training: true) }
      + (average?.network.parameters.storages(training: false) ?? []) + [losses.storage]
      + (rebalancing.map { [$0.table.storage] } ?? [])
  }

  /// Bytes of every allocation that training makes on a device, in order, the images first.
  func allocations(on backend: any Backend) throws(BackendError) -> [Int] {
    storages.map(\.allocationByteCount) + (try PlanCompiler(backend: backend).allocations(for: builders))
  }

  /// Allocates the storages that have no memory yet.
  func allocate(on backend: any Backend) throws(BackendError) {
    for storage in storages where storage.memory == nil { try storage.allocate(on: backend) }
  }

  /// Allocates the memory of all operations and binds them to it.
  func compile(on backend: any Backend) throws(BackendError) -> (step: Plan, prediction: Plan) {
    let plans = try PlanCompiler(backend: backend).compile(builders)
    return (plans[0], plans[1])
  }

  /// Initializes all parameters and moments, and the weights of colors. The parameters of the n-th network use random
  /// streams n · 2¹⁶ and up; the orders of the data use higher ones. The average begins as the generator.
  func initialize(on backend: any Backend) throws(BackendError) {
    let streams = step.networks.indices.map { UInt64($0) << 16 } + [0]
    for ((_, network), stream) in zip(networks, streams) {
      try network.parameters.clear(on: backend)
      try network.parameters.initialize(on: backend, seed: options.seed, firstStream: stream)
    }
    try rebalancing?.initialize(on: backend)
  }

  /// Loads weights into the generator, and into its average, if any.
  /// - Throws: what reading the weights throws; `BackendError`.
  func load(_ weights: Checkpoint, on backend: any Backend) throws {
    for network in [step.generator] + (average.map { [$0.network] } ?? []) {
      try weights.load(into: network.parameters, on: backend)
    }
  }
}

/// A generator whose parameters are the exponential moving average of another's: weights and running statistics.
struct GeneratorAverage {
  let network: any ColorNetwork
  /// The decay of the next step.
  private let decay = Variable<Float>(0)
  private let largestDecay: Float

  init(_ configuration: ModelConfiguration, decay: Float) {
    network = configuration.makeNetwork()
    largestDecay = decay
  }

  /// Emits the averaging, after the step that updates `generator`.
  func emit(_ generator: any ColorNetwork, into builder: PlanBuilder) {
    for average in generator.parameters.exponentialMovingAverages(into: network.parameters, decay: decay) {
      builder.append(average, .average)
    }
  }

  /// Sets the decay of step number `step`, from 1. The first steps count little later on: at step t the decay is at
  /// most (1 + t) / (10 + t), as in TensorFlow's `ExponentialMovingAverage`.
  func setDecay(ofStep step: Int) {
    decay.value = min(largestDecay, Float(1 + step) / Float(10 + step))
  }
}
