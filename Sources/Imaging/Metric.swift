import Glibc

/// A measure of how close predicted images come to photographs, or of how colorful they are. The raw values are keys in
/// reports.
///
/// A further metric is a case here, with its properties, and its score of one image, a method of `ImageComparison`.
/// Reports and the page of `compare` list every case, in this order; `metrics.csv` holds only those in
/// `MetricsTable.metrics`.
@dynamicMemberLookup
public enum Metric: String, CaseIterable, CodingKey, Sendable {
  case mse, psnr, psnrPerImage, ssim, mae, accuracyWithin2, accuracyWithin5, deltaE, colorfulness

  /// The values that are good.
  public enum Goal: Sendable {
    case low, high
    /// Near the photographs' own value.
    case photographs
  }

  public struct Properties: Sendable {
    /// Name in CSV files.
    public let column: String
    public let heading: String
    /// Unit in tables; may be empty.
    public var unit = ""
    /// Number of decimals in tables.
    public let digits: Int
    public let goal: Goal
    /// An explanation in a sentence or two.
    public let meaning: String
    /// The score of an image that equals its photograph; nil where it depends on the image.
    var exactScore: Double?
    /// Returns the score of one image.
    let score: @Sendable (borrowing ImageComparison) -> Double
    /// Returns the value of a set of images, given the mean of their scores.
    var summary: @Sendable (Double) -> Double = { $0 }

    /// The factor from a value to its number in `unit`.
    public var scale: Double { unit == "%" ? 100 : 1 }
  }

  public subscript<Value>(dynamicMember property: KeyPath<Properties, Value>) -> Value { properties[keyPath: property] }

  public var properties: Properties {
    switch self {
    case .mse:
      Properties(
        column: "mse", heading: "MSE", digits: 5, goal: .low,
        meaning: "Mean squared error of red, green and blue in 0…1, over all values of all images.", exactScore: 0,
        score: { pair in pair.meanSquaredError })
    case .psnr:
      Properties(
        column: "psnr", heading: "PSNR (pooled)", unit: "dB", digits: 2, goal: .high,
        meaning: "Peak signal-to-noise ratio of the whole set: −10 log₁₀ of the MSE.", exactScore: 0,
        score: { pair in pair.meanSquaredError }, summary: PeakSignalToNoiseRatio.decibels(ofError:))
    case .psnrPerImage:
      Properties(
        column: "psnr_per_image", heading: "PSNR (mean)", unit: "dB", digits: 2, goal: .high,
        meaning: "Mean of each image’s own peak signal-to-noise ratio; one of at most 100 dB.",
        exactScore: PeakSignalToNoiseRatio.decibels(ofError: 0),
        score: { pair in PeakSignalToNoiseRatio.decibels(ofError: pair.meanSquaredError) })
    case .ssim:
      Properties(
        column: "ssim", heading: "SSIM", digits: 4, goal: .high,
        meaning:
          "Structural similarity (Wang et al. 2004): Gaussian window of 11 × 11 pixels with σ = 1.5, inside the image, "
          + "each color channel by itself; mean over channels and images.", exactScore: 1,
        score: { pair in pair.structuralSimilarity() })
    case .mae:
      Properties(
        column: "mae", heading: "MAE", digits: 4, goal: .low,
        meaning: "Mean absolute error of red, green and blue in 0…1.", exactScore: 0,
        score: { pair in pair.meanAbsoluteError() })
    case .accuracyWithin2:
      Properties(
        column: "accuracy_2", heading: "within 2 %", unit: "%", digits: 1, goal: .high,
        meaning:
          "Accuracy (Nazeri, Ng and Ebrahimi 2018) with ε = 2: share of pixels whose rounded CIELAB numbers are all "
          + "close to the photograph’s, L within ε, a and b within 2.2 ε.", exactScore: 1,
        score: { pair in pair.accuracy(percent: 2) })
    case .accuracyWithin5:
      Properties(
        column: "accuracy_5", heading: "within 5 %", unit: "%", digits: 1, goal: .high,
        meaning: "The same accuracy with ε = 5.", exactScore: 1, score: { pair in pair.accuracy(percent: 5) })
    case .deltaE:
      Properties(
        column: "delta_e", heading: "ΔE", digits: 2, goal: .low,
        meaning:
          "Color difference as eyes see it: CIEDE2000 (Sharma, Wu and Dalal 2005), mean over all pixels. About 1 can "
          + "just be seen.", exactScore: 0, score: { pair in pair.meanColorDifference() })
    case .colorfulness:
      Properties(
        column: "colorfulness", heading: "colorfulness", digits: 1, goal: .photographs,
        meaning:
          "Colorfulness (Hasler and Süsstrunk 2003) on the scale 0…255, mean over images. Gray is 0; the one to reach "
          + "is the photographs’.", score: { pair in pair.predictionColorfulness() })
    }
  }

  /// The properties of all cases, in their order.
  fileprivate static let table = allCases.map(\.properties)

  fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The scores of one image: for each metric, how close the image comes to its photograph.
public struct ImageScores: Sendable, Equatable {
  /// The scores, in the order of `Metric.allCases`. The value of a set of images is the summary of their mean.
  public let values: [Double]

  /// Creates the scores that `values` gave in another process.
  /// - Precondition: There is one for each metric.
  public init(values: [Double]) {
    precondition(values.count == Metric.table.count, "\(values.count) scores of an image")
    self.values = values
  }

  /// - Parameter isExact: Whether the image equals its photograph, so that most scores are known.
  init(_ pair: borrowing ImageComparison, isExact: Bool = false) {
    var values: [Double] = []
    values.reserveCapacity(Metric.table.count)
    for metric in Metric.table { values.append((isExact ? metric.exactScore : nil) ?? metric.score(pair)) }
    self.values = values
  }

  /// Returns the value of a metric for this image alone.
  public subscript(metric: Metric) -> Double { Metric.table[metric.index].summary(values[metric.index]) }
}

/// The metrics of a set of predicted images. As JSON, an object with `images` and a key for each metric.
public struct ImageMetrics: Sendable, Encodable, Equatable {
  /// Number of image pairs.
  public let images: Int
  /// In the order of `Metric.allCases`.
  private let values: [Double]

  /// Creates the metrics of images of one size from their scores; nil where there are none. The scores are added in
  /// their order, so that the same scores give the same bits.
  public init?(_ scores: some Sequence<ImageScores>) {
    var count = 0
    var sums = [Double](repeating: 0, count: Metric.allCases.count)
    for score in scores {
      count += 1
      for index in sums.indices { sums[index] += score.values[index] }
    }
    guard count > 0 else { return nil }
    images = count
    values = zip(Metric.table, sums).map { $0.summary($1 / Double(count)) }
  }

  public subscript(metric: Metric) -> Double { values[metric.index] }

  private enum CodingKeys: CodingKey { case images }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(images, forKey: .images)
    var metrics = encoder.container(keyedBy: Metric.self)
    for (metric, value) in zip(Metric.allCases, values) { try metrics.encode(value, forKey: metric) }
  }
}

/// The peak signal-to-noise ratio of values in 0...1.
enum PeakSignalToNoiseRatio {
  /// Errors under this count as this: 100 dB.
  private static let smallestError = 1e-10

  /// −10 log₁₀ of a mean squared error.
  static func decibels(ofError meanSquaredError: Double) -> Double { -10 * log10(max(meanSquaredError, smallestError)) }
}
