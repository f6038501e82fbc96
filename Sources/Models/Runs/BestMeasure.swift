import Imaging

/// The measure of the validation images by which a run's best weights are chosen. Its raw value is its name in commands
/// and files.
public enum BestMeasure: String, Codable, Sendable, CaseIterable {
  /// Mean squared error.
  case mse
  /// Mean absolute error.
  case mae
  /// Structural similarity; the most is best.
  case ssim
  /// Color difference as eyes see it.
  case deltaE = "delta-e"
  /// Distance of the predictions' mean colorfulness from that of the photographs. It says nothing of whether the colors
  /// are right.
  case colorfulnessGap = "colorfulness-gap"

  /// Returns the value of an epoch's predictions; the least is best, and none is below 0.
  /// - Parameter photographs: mean colorfulness of the photographs; evaluated only by the measure that needs it.
  func value(of metrics: ImageMetrics, photographs: @autoclosure () -> Double) -> Double {
    switch self {
    case .mse: metrics[.mse]
    case .mae: metrics[.mae]
    // Rounding may take the similarity of equal images above 1.
    case .ssim: max(0, 1 - metrics[.ssim])
    case .deltaE: metrics[.deltaE]
    case .colorfulnessGap: abs(metrics[.colorfulness] - photographs())
    }
  }
}
