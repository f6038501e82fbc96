import Runtime

/// A generator whose numbers are the exponential moving average of another's: weights and running statistics.
struct GeneratorAverage {
  let network: UNet
  /// Of this step.
  private let decay = Variable<Float>(0)
  private let largestDecay: Float

  init(_ configuration: ModelConfiguration, decay: Float) {
    network = UNet(configuration)
    largestDecay = decay
  }

  /// Emits the averaging, after the step that changes `generator`.
  func emit(_ generator: UNet, into builder: PlanBuilder) {
    for average in generator.parameters.exponentialMovingAverages(into: network.parameters, decay: decay) {
      builder.append(average)
    }
  }

  /// Sets the decay for step number `step`, from 1. The first steps count for little later on: up to step t it is at most
  /// (1 + t) / (10 + t), as in TensorFlow's `ExponentialMovingAverage`.
  func prepare(forStep step: Int) {
    decay.value = min(largestDecay, Float(1 + step) / Float(10 + step))
  }
}
