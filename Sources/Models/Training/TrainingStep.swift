import Runtime

/// What a model does in one training step, and the networks that it does it with.
protocol TrainingStep {
  /// The network that colors.
  var generator: UNet { get }
  /// All networks with their names in a training state, and the first random stream of their weights.
  var networks: [(name: String, parameters: ParameterSet, stream: UInt64)] { get }
  /// What the losses are called, in the order of their slots.
  var lossNames: [String] { get }

  /// Index of the loss that says how close the colors come to the photographs'.
  var colorLoss: Int { get }

  /// Emits the whole step: batch, losses, gradients, optimizers.
  /// - Parameter losses: one element a loss, added to.
  func emit(_ source: BatchSource, losses: Tensor, adam: AdamSchedule, into builder: PlanBuilder)
}

extension ModelConfiguration {
  /// The step that trains this model.
  func trainingStep(_ options: TrainingOptions) -> any TrainingStep {
    switch kind {
    case .unet: AutoencoderStep(self)
    case .gan: GANStep(self, options)
    }
  }
}
