/// A divergence of the training without a NaN, found in a run's validation errors: predictions far from the
/// photographs, which do not come closer either. A run that only begins slowly comes closer in every epoch.
public struct Divergence: Equatable, Sendable {
  /// Epochs in a row that show it.
  public static let epochCount = 3
  /// The error is at least this many times that of the gray copy.
  static let factor = 4.0
  /// The least error that shows it, a PSNR of 20 dB: the gray copy of nearly gray photographs has next to none.
  static let leastError = 0.01
  /// The predictions come closer where the error falls by at least two in a hundred over the epochs.
  static let progress = 0.98

  /// The least number of steps in the epochs that show it, unless the learning rate is large: fewer may only be a slow
  /// beginning.
  static let leastSteps = 150
  /// A learning rate is large above this many times that of the study.
  static let largeRate: Float = 10

  /// The last epoch.
  public let epoch: Int
  /// Mean squared error of the last epoch's predictions of the validation images.
  public let error: Double
  /// Mean squared error of their gray copies.
  public let grayError: Double
  public let learningRate: Float
  /// A learning rate to try instead.
  public let smallerLearningRate: Float

  /// Whether the last epochs show it.
  /// - Parameters:
  ///   - errors: mean squared errors on the validation images, the last epoch's last.
  ///   - grayError: that of the gray copies.
  static func isShown(by errors: [Double], grayError: Double) -> Bool {
    let last = errors.suffix(epochCount)
    guard last.count == epochCount, let first = last.first, let error = last.last else { return false }
    return last.allSatisfy { $0 >= max(factor * grayError, leastError) } && error >= progress * first
  }
}
