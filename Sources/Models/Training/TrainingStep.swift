import Runtime

/// A kind of training step: networks, losses and updates of the parameters.
///
/// To add one: a file here, and a case of `ModelKind`.
protocol TrainingStep {
  /// The encoding of a generator's input and output in RGB.
  static var rgbEncoding: ColorEncoding { get }
  /// The activation of a generator's output; nil for none.
  static var outputActivation: Activation? { get }
  /// The initial value of all convolutions' weights; nil for PyTorch's default.
  static var initialWeights: InitialValue? { get }
  /// Smallest height and width of images.
  static var smallestImageExtent: Int { get }
  /// The study's learning rate, and its factor from epoch to epoch.
  static var studyLearningRate: (initial: Float, decay: Float) { get }

  init(_ configuration: ModelConfiguration, _ options: TrainingOptions)

  /// The network that colors: the GAN's generator, or the autoencoder.
  var generator: any ColorNetwork { get }
  /// All networks with their names in a training state, the generator first.
  var networks: [(name: String, network: any Network)] { get }
  /// Names of the losses, in the order of their elements in the loss tensor.
  var lossNames: [String] { get }
  /// Index of the loss that measures how close predicted colors are to the true ones.
  var colorLoss: Int { get }

  /// Emits the whole step: batch, losses, gradients, optimizers.
  /// - Parameters:
  ///   - batches: gathered in a part for each replica of this process.
  ///   - losses: `[1, 1, replicas.localCount, lossNames.count]`; each loss is added to its element.
  ///   - rebalancing: the weights of colors in the loss `colorLoss`; nil for none.
  func emit(
    _ batches: BatchStream, replicas: Replicas, losses: Tensor, rebalancing: ColorRebalancing?, adam: AdamSchedule,
    into builder: PlanBuilder)
}

extension Tensor {
  /// The element of a tensor of losses that a replica of this process adds one of them to.
  func loss(_ index: Int, of replica: Int) -> Tensor {
    Tensor(storage: storage, shape: Shape(vector: 1), offset: offset + replica * pixelStride + index)
  }
}

/// The parameters of Adam that the host changes from step to step.
struct AdamSchedule {
  /// Learning rate of the network that colors.
  let learningRate: Variable<Float>
  let discriminatorLearningRate: Variable<Float>
  /// Number of the step, from 1: t.
  let step = Variable(0)

  init(_ options: TrainingOptions) {
    learningRate = Variable(options.learningRate)
    discriminatorLearningRate = Variable(options.discriminatorLearningRate ?? options.learningRate)
  }
}
