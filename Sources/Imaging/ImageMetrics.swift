/// How close predicted images come to the true ones, and how colorful they are, over a whole set. Errors are of values in
/// 0...1.
public struct ImageMetrics: Sendable, Codable, Equatable {
  /// Number of image pairs.
  public let images: Int
  /// Mean squared error over all values of all images.
  public let mse: Double
  /// Peak signal-to-noise ratio in dB of the whole set: −10 log₁₀ of `mse`. An error under 10⁻¹⁰, less than a single
  /// 8-bit step in any image of this size, counts as 10⁻¹⁰: 100 dB.
  public let psnr: Double
  /// Mean over images of each image's peak signal-to-noise ratio in dB, with the same limit of 100 dB, without which one
  /// exact image would make the mean infinite.
  public let psnrPerImage: Double
  /// Mean absolute error over all values of all images.
  public let mae: Double
  /// Mean over images of the structural similarity by Wang et al. (2004): Gaussian 11 × 11 window with σ = 1.5, mean of
  /// the three channels.
  public let ssim: Double
  /// Mean over images of the predicted images' colorfulness by Hasler and Süsstrunk (2003), on the scale 0...255.
  public let colorfulness: Double
}
