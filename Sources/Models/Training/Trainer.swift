import Runtime

/// A model with its optimizer on a device: runs training steps on batches of one data set.
public final class Trainer {
  /// The batches to train on.
  public var batches: BatchStream { stepPlan.trainingBatches }
  /// Colors the validation images, in the memory of the training steps.
  public let predictor: Predictor
  private let stepPlan: StepPlan
  private let trainingStep: Plan
  private let resetLosses: any Launch
  private let backend: any Backend

  /// Allocates everything that a step needs, and initializes the weights.
  public init(_ stepPlan: StepPlan, on backend: any Backend) throws(BackendError) {
    self.stepPlan = stepPlan
    self.backend = backend
    try stepPlan.allocate(on: backend)
    try stepPlan.initialize(on: backend)
    resetLosses = try backend.launch(Fill(output: stepPlan.losses, value: 0))
    try resetLosses.run()
    let plans = try stepPlan.compile(on: backend)
    trainingStep = plans.step
    predictor = Predictor(stepPlan.prediction, plan: plans.prediction, on: backend)
  }

  /// Replaces the initial weights of the generator by those of a file, from which its average begins as well.
  /// - Throws: what reading the weights throws; `BackendError`.
  func load(_ weights: Checkpoint) throws { try stepPlan.load(weights, on: backend) }

  /// The network that colors: the generator, or the average of its weights.
  public var generator: any ColorNetwork { stepPlan.generator }

  /// All networks with their names in a training state, the generator first.
  public var networks: [(name: String, network: any Network)] { stepPlan.networks }

  /// Names of the losses, in the order of `losses()`.
  public var lossNames: [String] { stepPlan.step.lossNames }

  /// Index of the loss that measures how close predicted colors are to the true ones.
  public var colorLoss: Int { stepPlan.step.colorLoss }

  // MARK: Steps

  /// Steps taken so far; Adam's t.
  public var stepCount: Int {
    get { stepPlan.adam.step.value }
    set { stepPlan.adam.step.value = newValue }
  }

  /// The generator's learning rate. The ratio of the discriminator's to it is always that of the options.
  public var learningRate: Float {
    get { stepPlan.adam.learningRate.value }
    set {
      let (adam, options) = (stepPlan.adam, stepPlan.options)
      adam.learningRate.value = newValue
      let ratio = options.discriminatorLearningRate.map { $0 / options.learningRate }
      adam.discriminatorLearningRate.value = ratio.map { newValue * $0 } ?? newValue
    }
  }

  /// The replicas that share a batch.
  public var replicas: Replicas { stepPlan.replicas }

  /// Sets the order of the images to train on.
  /// - Parameters:
  ///   - order: numbers of the images, those of all replicas.
  ///   - flipped: whether each image is flipped horizontally; none is where empty.
  func setOrder(_ order: [UInt32], flipped: [Bool] = []) throws(BackendError) {
    let batchSize = stepPlan.options.batchSize
    try batches.set(
      replicas.local(order, batchSize: batchSize), flipped: replicas.local(flipped, batchSize: batchSize), on: backend)
  }

  /// Enqueues one training step on the device.
  /// - Parameter first: position in the order of the images of the first image of the batch of all replicas.
  public func step(first: Int) throws(BackendError) {
    try batches.seek(to: first / replicas.rankCount)
    stepCount += 1
    stepPlan.average?.setDecay(ofStep: stepCount)
    try trainingStep.run()
  }

  /// Times every operation of a step by itself: the median over `steps` steps, in seconds.
  func profile(steps: Int) throws(BackendError) -> [TimedOperation] {
    stepCount += 1
    return zip(trainingStep.labeled, try trainingStep.profile(count: steps)).map(TimedOperation.init)
  }

  /// Times the convolutions of a step on another backend, which computes in the same memory. Returns as many numbers as
  /// `profile`: nil for other operations.
  func profileConvolutions(steps: Int, on other: any Backend) throws(BackendError) -> [Double?] {
    stepCount += 1
    return try trainingStep.profileConvolutions(count: steps, on: other)
  }

  // MARK: Losses

  /// Waits for the device, and returns the sums of the losses over the steps since `takeLosses`, in float32 on the
  /// device: those of each replica, one after the other.
  public func losses() throws(BackendError) -> [Float] {
    try replicas.gathered(try backend.floats(of: stepPlan.losses))
  }

  /// Returns the sums of the losses, as `losses`, and resets them to zero.
  public func takeLosses() throws(BackendError) -> [Float] {
    let sums = try losses()
    try resetLosses.run()
    return sums
  }

  /// Continues the sums of the losses from those that `losses` returned in another process.
  func restoreLosses(_ sums: [Float]) throws(BackendError) {
    let count = sums.count / replicas.rankCount
    try backend.upload(Array(sums.dropFirst(replicas.rank * count).prefix(count)), to: stepPlan.losses)
  }
}
