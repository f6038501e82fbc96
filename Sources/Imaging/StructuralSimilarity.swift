import Glibc

/// The structural similarity (SSIM) of two images by Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment:
/// from error visibility to structural similarity" (2004): Gaussian window of 11 × 11 with σ = 1.5, K₁ = 0.01,
/// K₂ = 0.03, windows inside the image only. The mean of three channels agrees with scikit-image's
/// `structural_similarity` with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`.
struct StructuralSimilarity: ~Copyable {
  /// Width and height of the window.
  static let windowSize = 11

  private let width: Int
  private let height: Int
  /// The window along one axis; its sum is 1.
  private let weights: [Double]
  private let scratch: UnsafeMutablePointer<Double>

  private var columnCount: Int { width - Self.windowSize + 1 }
  private var rowCount: Int { height - Self.windowSize + 1 }

  /// - Precondition: `width` and `height` are at least `windowSize`.
  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    let radius = Self.windowSize / 2
    let bell = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (1.5 * 1.5)) }
    let sum = bell.reduce(0, +)
    weights = bell.map { $0 / sum }
    // A plane of products, a plane of filtered rows, and five planes of windows, each smaller than a plane of pixels.
    let count = 7 * width * height
    scratch = .allocate(capacity: count)
    scratch.initialize(repeating: 0, count: count)
  }

  deinit { scratch.deallocate() }

  /// Returns the mean over all windows of one channel of two images, both `[height, width]`.
  /// - Parameter range: The range L of the values, their largest difference.
  func mean(_ first: UnsafePointer<Double>, _ second: UnsafePointer<Double>, range: Double = 1) -> Double {
    let pixelCount = width * height
    let products = scratch
    let windows = scratch + 2 * pixelCount
    let (means1, means2) = (windows, windows + pixelCount)
    let (squares1, squares2) = (windows + 2 * pixelCount, windows + 3 * pixelCount)
    let means12 = windows + 4 * pixelCount
    filter(first, into: means1)
    filter(second, into: means2)
    for index in 0..<pixelCount { products[index] = first[index] * first[index] }
    filter(products, into: squares1)
    for index in 0..<pixelCount { products[index] = second[index] * second[index] }
    filter(products, into: squares2)
    for index in 0..<pixelCount { products[index] = first[index] * second[index] }
    filter(products, into: means12)

    let c1 = (0.01 * range) * (0.01 * range)
    let c2 = (0.03 * range) * (0.03 * range)
    var sum = 0.0
    for index in 0..<rowCount * columnCount {
      let (mean1, mean2) = (means1[index], means2[index])
      let variance1 = squares1[index] - mean1 * mean1
      let variance2 = squares2[index] - mean2 * mean2
      let covariance = means12[index] - mean1 * mean2
      sum +=
        (2 * mean1 * mean2 + c1) * (2 * covariance + c2)
        / ((mean1 * mean1 + mean2 * mean2 + c1) * (variance1 + variance2 + c2))
    }
    return sum / Double(rowCount * columnCount)
  }

  /// Computes the weighted means of a plane over all windows, `[height − 10, width − 10]`: first along rows, then along
  /// columns. The inner loops run over contiguous memory, so that the compiler vectorizes them.
  private func filter(_ plane: UnsafePointer<Double>, into result: UnsafeMutablePointer<Double>) {
    let rows = scratch + width * height
    let (columnCount, windowCount) = (columnCount, rowCount * columnCount)
    weights.withUnsafeBufferPointer { weights in
      for y in 0..<height {
        let (source, target) = (plane + y * width, rows + y * columnCount)
        for x in 0..<columnCount { target[x] = weights[0] * source[x] }
        for step in 1..<Self.windowSize {
          let weight = weights[step]
          for x in 0..<columnCount { target[x] += weight * source[x + step] }
        }
      }
      for index in 0..<windowCount { result[index] = weights[0] * rows[index] }
      for step in 1..<Self.windowSize {
        let (weight, source) = (weights[step], rows + step * columnCount)
        for index in 0..<windowCount { result[index] += weight * source[index] }
      }
    }
  }
}
