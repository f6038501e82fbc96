/// How close one predicted image comes to the true one, and how colorful it is. Errors are of values in 0...1.
public struct ImageScores: Sendable, Equatable {
  /// Mean squared error.
  public let mse: Double
  /// Mean absolute error.
  public let mae: Double
  /// Structural similarity by Wang et al. (2004), see `StructuralSimilarity`.
  public let ssim: Double
  /// Share of pixels whose color is within 2 % in CIELAB, see `ImageMetrics.accuracyWithin2`.
  public let accuracyWithin2: Double
  /// Share of pixels whose color is within 5 % in CIELAB.
  public let accuracyWithin5: Double
  /// Mean over pixels of the color difference CIEDE2000.
  public let deltaE: Double
  /// Colorfulness of the prediction by Hasler and Süsstrunk (2003), on the scale 0...255.
  public let colorfulness: Double

  /// Peak signal-to-noise ratio in dB, at most 100, see `ImageMetrics.psnr`.
  public var psnr: Double { PeakSignalToNoiseRatio.decibels(ofError: mse) }
}
