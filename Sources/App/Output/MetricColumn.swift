import Imaging

/// A figure of `ImageMetrics` as tables show it: one list for the console, the page and the CSV files.
struct MetricColumn: Sendable {
  /// What a good value is.
  enum Goal: Sendable {
    case low, high
    /// Near the photographs' own.
    case photographs
  }

  /// Name in CSV files.
  let key: String
  let heading: String
  let unit: String
  /// What the figure is, in a sentence or two, for readers who meet it for the first time.
  let meaning: String
  let goal: Goal
  /// Of the metrics, in `unit`.
  let value: @Sendable (ImageMetrics) -> Double
  /// Decimals worth reading.
  let digits: Int

  /// With its unit.
  func text(_ metrics: ImageMetrics) -> String {
    Format.fixed(value(metrics), digits) + (unit.isEmpty ? "" : " \(unit)")
  }

  /// Whether the photographs' own value tells anything: their distance from themselves does not.
  var describesPhotographs: Bool { goal == .photographs }

  static let all = [
    MetricColumn(
      key: "mse", heading: "MSE", unit: "",
      meaning: "Mean squared error of red, green and blue in 0…1, over all values of all images.", goal: .low,
      value: \.mse, digits: 5),
    MetricColumn(
      key: "psnr", heading: "PSNR (pooled)", unit: "dB",
      meaning: "Peak signal-to-noise ratio of the whole set: −10 log₁₀ of the MSE.", goal: .high, value: \.psnr,
      digits: 2),
    MetricColumn(
      key: "psnr_per_image", heading: "PSNR (mean)", unit: "dB",
      meaning: "Mean of each image’s own peak signal-to-noise ratio; one of at most 100 dB.", goal: .high,
      value: \.psnrPerImage, digits: 2),
    MetricColumn(
      key: "ssim", heading: "SSIM", unit: "",
      meaning:
        "Structural similarity (Wang et al. 2004): Gaussian window of 11 × 11 pixels with σ = 1.5, inside the image, "
        + "each color channel by itself; mean over channels and images.", goal: .high, value: \.ssim, digits: 4),
    MetricColumn(
      key: "mae", heading: "MAE", unit: "", meaning: "Mean absolute error of red, green and blue in 0…1.", goal: .low,
      value: \.mae, digits: 4),
    MetricColumn(
      key: "accuracy_2", heading: "within 2 %", unit: "%",
      meaning:
        "Accuracy (Nazeri, Ng and Ebrahimi 2018) with ε = 2: share of pixels whose rounded CIELAB numbers are all "
        + "close to the photograph’s, L within ε, a and b within 2.2 ε.", goal: .high,
      value: { 100 * $0.accuracyWithin2 }, digits: 1),
    MetricColumn(
      key: "accuracy_5", heading: "within 5 %", unit: "%", meaning: "The same accuracy with ε = 5.", goal: .high,
      value: { 100 * $0.accuracyWithin5 }, digits: 1),
    MetricColumn(
      key: "delta_e", heading: "ΔE", unit: "",
      meaning:
        "Color difference as eyes see it: CIEDE2000 (Sharma, Wu and Dalal 2005), mean over all pixels. About 1 can "
        + "just be seen.", goal: .low, value: \.deltaE, digits: 2),
    MetricColumn(
      key: "colorfulness", heading: "colorfulness", unit: "",
      meaning:
        "Colorfulness (Hasler and Süsstrunk 2003) on the scale 0…255, mean over images. Gray is 0; the one to reach "
        + "is the photographs’.", goal: .photographs, value: \.colorfulness, digits: 1),
  ]
}
