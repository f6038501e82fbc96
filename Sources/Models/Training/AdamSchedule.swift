import Runtime

/// What Adam needs to know at each step.
struct AdamSchedule {
  let learningRate: Variable<Float>
  /// Steps taken, this one counted: t.
  let step = Variable(0)
}
