import Imaging

/// What an epoch came to.
public struct EpochResult: Sendable {
  /// From 1.
  public let epoch: Int
  public let epochs: Int
  /// Mean of each loss over the epoch.
  public let losses: [(name: String, value: Double)]
  /// On the validation photographs; nil where there are none.
  public let validation: ImageMetrics?
  /// Training and validation together.
  public let seconds: Double
  /// While training.
  public let imagesPerSecond: Double
}
