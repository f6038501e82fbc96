import Runtime

/// The error of predicted colors that training minimizes, a mean over pixels and channels.
public enum ColorLoss: String, Codable, Sendable, CaseIterable {
  /// The squared error, least at the mean of the colors that are possible.
  case mse
  /// The absolute error, least at the median of each channel.
  case l1

  /// The loss of the study's autoencoder.
  public static let study = ColorLoss.mse

  /// The operation's kind of error.
  var kind: PixelwiseLoss.Kind {
    switch self {
    case .mse: .meanSquared
    case .l1: .l1
    }
  }
}
