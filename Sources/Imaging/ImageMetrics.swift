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
  /// Share of pixels within ε = 2 % by Nazeri, Ng and Ebrahimi, "Image colorization using generative adversarial networks"
  /// (2018): with CIELAB's numbers rounded, L is at most ε off and a and b at most 2.2 ε each, all three together.
  public let accuracyWithin2: Double
  /// The same with ε = 5 %.
  public let accuracyWithin5: Double
  /// Mean over all pixels of the color difference CIEDE2000, see `colorDifference`.
  public let deltaE: Double
  /// Mean over images of the predicted images' colorfulness by Hasler and Süsstrunk (2003), on the scale 0...255.
  public let colorfulness: Double

  /// Of all images; nil where there are none. The images are of one size. Adds up in their order, so that the same scores
  /// give the same bits.
  public init?(_ scores: some Sequence<ImageScores>) {
    var count = 0
    var sums = (mse: 0.0, psnr: 0.0, mae: 0.0, ssim: 0.0, within2: 0.0, within5: 0.0, deltaE: 0.0, colorfulness: 0.0)
    for score in scores {
      count += 1
      sums.mse += score.mse
      sums.psnr += score.psnr
      sums.mae += score.mae
      sums.ssim += score.ssim
      sums.within2 += score.accuracyWithin2
      sums.within5 += score.accuracyWithin5
      sums.deltaE += score.deltaE
      sums.colorfulness += score.colorfulness
    }
    guard count > 0 else { return nil }
    let images = Double(count)
    self.images = count
    mse = sums.mse / images
    psnr = PeakSignalToNoiseRatio.decibels(ofError: mse)
    psnrPerImage = sums.psnr / images
    mae = sums.mae / images
    ssim = sums.ssim / images
    accuracyWithin2 = sums.within2 / images
    accuracyWithin5 = sums.within5 / images
    deltaE = sums.deltaE / images
    colorfulness = sums.colorfulness / images
  }
}
