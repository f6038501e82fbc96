/// How far a training run is.
public struct TrainingProgress: Sendable {
  /// Epoch under way, from 1.
  public let epoch: Int
  public let epochs: Int
  /// Steps done in this epoch.
  public let step: Int
  public let stepsInEpoch: Int
  /// Mean of each loss over the epoch so far.
  public let losses: [(name: String, value: Double)]
  /// Over the steps since the last report.
  public let imagesPerSecond: Double
  /// Seconds until the run's end at this speed.
  public let secondsLeft: Double
}
