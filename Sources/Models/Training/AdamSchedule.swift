import Runtime

/// What Adam needs to know at each step.
struct AdamSchedule {
  /// Of the network that colors.
  let learningRate: Variable<Float>
  let discriminatorLearningRate: Variable<Float>
  /// Steps taken, this one counted: t.
  let step = Variable(0)

  init(_ options: TrainingOptions) {
    learningRate = Variable(options.learningRate)
    discriminatorLearningRate = Variable(options.discriminatorLearningRate ?? options.learningRate)
  }
}
