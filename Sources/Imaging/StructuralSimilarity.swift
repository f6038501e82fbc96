import Glibc

/// SSIM of two images by Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
/// structural similarity" (2004): Gaussian window 11 × 11 with σ = 1.5, K₁ = 0.01, K₂ = 0.03, values in 0...1, windows that
/// lie inside the image, each of the three channels by itself and then their mean. It is what scikit-image's
/// `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=-1)`
/// gives.
struct StructuralSimilarity {
  /// Side of the window.
  static let windowSize = 11

  private let width: Int
  private let height: Int
  /// The window along one axis; its sum is 1.
  private let weights: [Double]
  /// One channel's products after the pass along rows: `[height, width − 10]`.
  private var rows: [Double]

  /// For images of `width` × `height`, each at least `windowSize`.
  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    let radius = Self.windowSize / 2
    let bell = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (1.5 * 1.5)) }
    let sum = bell.reduce(0, +)
    weights = bell.map { $0 / sum }
    rows = [Double](repeating: 0, count: height * (width - Self.windowSize + 1))
  }

  /// The mean over windows and channels; `first` and `second` are `[height, width, 3]`.
  mutating func mean(_ first: UnsafeBufferPointer<Double>, _ second: UnsafeBufferPointer<Double>) -> Double {
    let c1 = 0.01 * 0.01
    let c2 = 0.03 * 0.03
    var sum = 0.0
    var windowCount = 0
    for channel in 0..<3 {
      let means1 = filtered(channel) { first[$0] }
      let means2 = filtered(channel) { second[$0] }
      let squares1 = filtered(channel) { first[$0] * first[$0] }
      let squares2 = filtered(channel) { second[$0] * second[$0] }
      let products = filtered(channel) { first[$0] * second[$0] }
      for index in means1.indices {
        let (mean1, mean2) = (means1[index], means2[index])
        let variance1 = squares1[index] - mean1 * mean1
        let variance2 = squares2[index] - mean2 * mean2
        let covariance = products[index] - mean1 * mean2
        sum +=
          (2 * mean1 * mean2 + c1) * (2 * covariance + c2)
          / ((mean1 * mean1 + mean2 * mean2 + c1) * (variance1 + variance2 + c2))
      }
      windowCount += means1.count
    }
    return sum / Double(windowCount)
  }

  /// Weighted means over all windows of what `value` makes of the elements of a channel:
  /// `[height − 10, width − 10]`.
  private mutating func filtered(_ channel: Int, _ value: (Int) -> Double) -> [Double] {
    let columnCount = width - Self.windowSize + 1
    let rowCount = height - Self.windowSize + 1
    var result = [Double](repeating: 0, count: rowCount * columnCount)
    weights.withUnsafeBufferPointer { weights in
      rows.withUnsafeMutableBufferPointer { rows in
        for y in 0..<height {
          for x in 0..<columnCount {
            var sum = 0.0
            let start = 3 * (y * width + x) + channel
            for step in 0..<Self.windowSize { sum += weights[step] * value(start + 3 * step) }
            rows[y * columnCount + x] = sum
          }
        }
        for index in result.indices {
          var sum = 0.0
          for step in 0..<Self.windowSize { sum += weights[step] * rows[index + step * columnCount] }
          result[index] = sum
        }
      }
    }
    return result
  }
}
