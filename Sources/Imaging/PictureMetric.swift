/// A measure of how close pictures of any size come to their photographs, or of how colorful they are. The raw values
/// are keys in reports; those that are also a `Metric`'s are measured as that one.
public enum PictureMetric: String, CaseIterable, CodingKey, Sendable {
  case mse, psnr, psnrPerImage, ssim, chromaSSIM, deltaE, colorfulness

  private var metric: Metric? { Metric(rawValue: rawValue) }

  /// Name in CSV files.
  public var column: String { metric?.column ?? "chroma_ssim" }
  public var heading: String { metric?.heading ?? "SSIM of chroma" }
  /// Unit in tables; may be empty.
  public var unit: String { metric?.unit ?? "" }
  /// Number of decimals in tables.
  public var digits: Int { metric?.digits ?? 4 }
  /// Whether the photographs' own value carries information. Their distance from themselves does not.
  public var describesPhotographs: Bool { metric?.goal == .photographs }
}

/// The scores of a picture against its photograph, or their means over pictures. As JSON, an object with a key for each
/// metric.
public struct PictureScores: Sendable, Encodable, Equatable {
  /// In the order of `PictureMetric.allCases`.
  private let values: [Double]

  init(_ sums: PictureScorer.Sums) {
    let error = sums.squaredError / (3 * sums.pixelCount)
    values = PictureMetric.allCases.map { metric in
      switch metric {
      case .mse: error
      case .psnr, .psnrPerImage: PeakSignalToNoiseRatio.decibels(ofError: error)
      case .ssim: sums.similarity / sums.windowCount
      case .chromaSSIM: sums.chromaSimilarity / sums.windowCount
      case .deltaE: sums.colorDifference / sums.pixelCount
      case .colorfulness: sums.colorfulness.colorfulness
      }
    }
  }

  /// Creates the means of pictures, each of the same weight whatever its size; nil where there are none. The pooled
  /// PSNR is that of the mean error.
  public init?(meanOf scores: [PictureScores]) {
    guard !scores.isEmpty else { return nil }
    func mean(_ metric: PictureMetric) -> Double { scores.reduce(0) { $0 + $1[metric] } / Double(scores.count) }
    values = PictureMetric.allCases.map { metric in
      metric == .psnr ? PeakSignalToNoiseRatio.decibels(ofError: mean(.mse)) : mean(metric)
    }
  }

  public subscript(metric: PictureMetric) -> Double {
    values[PictureMetric.allCases.firstIndex(of: metric) ?? 0]
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: PictureMetric.self)
    for metric in PictureMetric.allCases { try container.encode(self[metric], forKey: metric) }
  }
}
