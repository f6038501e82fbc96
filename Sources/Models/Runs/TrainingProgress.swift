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
}

/// Measures the time of steps, lap by lap.
struct ThroughputMeter {
  private var start = ContinuousClock.now
  /// The step at the last lap.
  private(set) var step: Int

  init(step: Int) { self.step = step }

  var secondsSinceLap: Double { start.secondsUntilNow }

  /// Returns the seconds since the last lap, and starts the next.
  mutating func lap(step newStep: Int) -> Double {
    defer {
      start = .now
      step = newStep
    }
    return secondsSinceLap
  }
}
