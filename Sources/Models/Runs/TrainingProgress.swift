import Imaging
import Runtime

/// The progress of a training run within an epoch.
public struct TrainingProgress: Sendable {
  /// Epoch under way, from 1.
  public let epoch: Int
  public let epochs: Int
  /// Steps done in this epoch.
  public let step: Int
  public let stepsInEpoch: Int
  /// Mean of each loss over the epoch so far.
  public let losses: [(name: String, value: Double)]
  /// Images per second over the steps since the last report.
  public let imagesPerSecond: Double
  /// Seconds until the run's end at this speed.
  public let secondsLeft: Double
  /// Share of the time in which the first rank waited for messages, 0...1; nil where there is one rank.
  public let waiting: Double?
}

/// The results of an epoch.
public struct EpochResult: Sendable {
  /// From 1.
  public let epoch: Int
  public let epochs: Int
  /// Steps done in all.
  public let step: Int
  /// The generator's learning rate in the epoch.
  public let learningRate: Float
  /// Mean of each loss over the epoch.
  public let losses: [(name: String, value: Double)]
  /// Metrics on the validation images; nil where there are none.
  public let validation: ImageMetrics?
  /// Duration of training and validation together.
  public let seconds: Double
  /// Images per second while training.
  public let imagesPerSecond: Double
  /// Share of the training's time in which the first rank waited for messages, 0...1; nil where there is one rank.
  public let waiting: Double?
}

/// Measures the time of steps, lap by lap.
struct ThroughputMeter {
  private var start = ContinuousClock.now
  /// The step at the last lap.
  private(set) var step: Int
  /// Seconds of waiting for messages at the last lap.
  private var secondsWaited: Double

  init(step: Int, secondsWaited: Double) {
    self.step = step
    self.secondsWaited = secondsWaited
  }

  var secondsSinceLap: Double { start.secondsUntilNow }

  /// Returns the seconds since the last lap, and those of waiting for messages among them, and starts the next.
  mutating func lap(step newStep: Int, secondsWaited newWaited: Double) -> (seconds: Double, waited: Double) {
    defer {
      start = .now
      step = newStep
      secondsWaited = newWaited
    }
    return (secondsSinceLap, newWaited - secondsWaited)
  }
}
