import Runtime

/// A step of the autoencoder: the mean squared or absolute error of its colors, which may be rebalanced, with Adam
/// (0.9, 0.999).
struct AutoencoderStep: TrainingStep {
  /// Each byte / 255, in 0...1.
  static let rgbEncoding = ColorEncoding.rgb(scale: 1 / 255, shift: 0)
  static let outputActivation: Activation? = nil
  static let initialWeights: InitialValue? = nil
  static let smallestImageExtent = 16
  static let studyLearningRate: (initial: Float, decay: Float) = (1e-3, 0.9)

  let generator: any ColorNetwork
  let lossNames: [String]
  let colorLoss = 0
  private let encoding: ColorEncoding
  private let loss: ColorLoss

  init(_ configuration: ModelConfiguration, _ options: TrainingOptions) {
    encoding = configuration.encoding
    generator = configuration.makeNetwork()
    loss = options.loss
    lossNames = [loss.rawValue]
  }

  var networks: [(name: String, network: any Network)] { [("generator", generator)] }

  func emit(
    _ batches: BatchStream, replicas: Replicas, losses: Tensor, rebalancing: ColorRebalancing?, adam: AdamSchedule,
    into builder: PlanBuilder
  ) {
    let sums = ReplicaSums(of: generator.parameters, "generator", over: replicas, into: builder)
    let lockstep = Lockstep(replicas, into: builder)
    for replica in 0..<replicas.localCount {
      let builder = lockstep.builder(of: replica)
      let color = builder.tensor("color", batches.shape(channels: encoding.colorChannels))
      let gray = builder.tensor("gray", batches.shape(channels: 1))
      builder.append(batches.gather(part: replica, color: color, gray: gray, encoding), .batch)
      let tape = Tape(
        builder, sums.view(of: replica), mode: .training(parameterGradients: true, accumulate: false),
        label: "generator", meetings: lockstep.meetings(of: replica))
      let prediction = generator(gray, tape)
      let label = OperationLabel.loss(lossNames[0])
      let weights = rebalancing?.weights(of: color, into: builder, label)
      builder.append(
        PixelwiseLoss(
          loss.kind, prediction: prediction, target: color, weights: weights, loss: losses.loss(0, of: replica),
          gradient: tape.gradientDestination(of: prediction).gradient, weight: replicas.share),
        label)
      tape.emitBackward()
      sums.add(replica)
    }
    lockstep.join()
    sums.finish()
    builder.append(
      generator.parameters.adam(adam.learningRate, step: adam.step, beta1: 0.9, beta2: 0.999), .adam("generator"))
  }
}
