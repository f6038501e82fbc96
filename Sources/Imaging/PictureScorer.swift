/// Computes the scores of pictures of any size against a photograph, one photograph at a time on all cores.
///
/// A photograph is divided into bands of rows, whose sums are added from the top to the bottom, so that the scores do
/// not depend on the number of cores. The memory beyond the pictures is that of a band for each core.
public enum PictureScorer {
  /// Smallest width and height: the window of SSIM must fit.
  public static let minimumSize = StructuralSimilarity.windowSize
  /// Number of rows of SSIM's windows in a band.
  static let bandHeight = 64

  /// The scores of pictures and of their photograph.
  public struct Result: Sendable {
    /// In the order of the predictions.
    public let predictions: [PictureScores]
    /// Of the photograph against itself: only the colorfulness carries information.
    public let photograph: PictureScores
  }

  /// Returns the scores of predictions against a photograph, all of the same size, each side at least `minimumSize`.
  public static func scores(of predictions: [RGBImage], against photograph: RGBImage) -> Result {
    let (width, height) = (photograph.width, photograph.height)
    precondition(min(width, height) >= minimumSize, "the photograph is smaller than the window of SSIM")
    precondition(
      predictions.allSatisfy { $0.width == width && $0.height == height }, "the predictions are of another size")
    let bands = bands(height: height)
    let sums = [[Sums]](unsafeUninitializedCapacity: bands.count) { results, count in
      // Safe: each task writes the results of a band of its own.
      nonisolated(unsafe) let results = results
      Parallel.forEach(bands.count) { index in
        results.initializeElement(at: index, to: self.sums(of: predictions, against: photograph, bands[index]))
      }
      count = bands.count
    }
    let totals = (0...predictions.count).map { picture in
      sums.dropFirst().reduce(into: sums[0][picture]) { $0 += $1[picture] }
    }
    let scores = totals.map(PictureScores.init)
    return Result(predictions: Array(scores.dropLast()), photograph: scores[predictions.count])
  }

  /// Rows of a picture.
  private struct Band {
    /// The rows that SSIM's windows cover.
    let rows: Range<Int>
    /// Number of rows, the first ones, that no other band counts.
    let ownRowCount: Int
  }

  /// Divides rows into bands. Windows that begin in a band reach into the next one.
  private static func bands(height: Int) -> [Band] {
    let overlap = minimumSize - 1
    return stride(from: 0, to: height - overlap, by: bandHeight).map { first in
      let end = min(first + bandHeight, height - overlap)
      let isLast = end == height - overlap
      return Band(rows: first..<end + overlap, ownRowCount: (isLast ? height : end) - first)
    }
  }

  /// Returns the sums of each prediction over a band, and those of the photograph itself.
  private static func sums(of predictions: [RGBImage], against photograph: RGBImage, _ band: Band) -> [Sums] {
    let bytes = 3 * photograph.width * band.rows.lowerBound..<3 * photograph.width * band.rows.upperBound
    var comparison = ImageComparison(width: photograph.width, height: band.rows.count)
    let pixelCount = photograph.width * band.ownRowCount
    let windowCount = (photograph.width - minimumSize + 1) * (band.rows.count - minimumSize + 1)
    photograph.bytes.withUnsafeBufferPointer { comparison.setPhotograph(UnsafeBufferPointer(rebasing: $0[bytes])) }
    var sums = predictions.map { prediction in
      prediction.bytes.withUnsafeBufferPointer { comparison.setPrediction(UnsafeBufferPointer(rebasing: $0[bytes])) }
      return Sums(comparison, pixelCount: pixelCount, windowCount: windowCount)
    }
    sums.append(Sums(ofPhotograph: comparison, pixelCount: pixelCount, windowCount: windowCount))
    return sums
  }

  /// The sums over the pixels and windows of a band, or of several.
  struct Sums {
    private(set) var pixelCount: Double
    private(set) var windowCount: Double
    private(set) var squaredError: Double
    private(set) var colorDifference: Double
    /// Over windows, of the mean of red, green and blue.
    private(set) var similarity: Double
    /// Over windows, of the mean of a* and b*.
    private(set) var chromaSimilarity: Double
    private(set) var colorfulness: ColorfulnessSums

    /// - Parameter pixelCount: Number of pixels, the first ones, that count.
    fileprivate init(_ pair: borrowing ImageComparison, pixelCount: Int, windowCount: Int) {
      self.pixelCount = Double(pixelCount)
      self.windowCount = Double(windowCount)
      squaredError = pair.squaredError(ofFirst: pixelCount)
      colorDifference = pair.colorDifference(ofFirst: pixelCount)
      similarity = pair.structuralSimilarity() * Double(windowCount)
      chromaSimilarity = pair.chromaSimilarity() * Double(windowCount)
      colorfulness = ColorfulnessSums(red: pair.prediction, planeSize: pair.pixelCount, pixelCount: pixelCount)
    }

    /// Creates the sums of the photograph against itself.
    fileprivate init(ofPhotograph pair: borrowing ImageComparison, pixelCount: Int, windowCount: Int) {
      self.pixelCount = Double(pixelCount)
      self.windowCount = Double(windowCount)
      (squaredError, colorDifference) = (0, 0)
      (similarity, chromaSimilarity) = (Double(windowCount), Double(windowCount))
      colorfulness = ColorfulnessSums(red: pair.photograph, planeSize: pair.pixelCount, pixelCount: pixelCount)
    }

    fileprivate static func += (sums: inout Sums, other: Sums) {
      sums.pixelCount += other.pixelCount
      sums.windowCount += other.windowCount
      sums.squaredError += other.squaredError
      sums.colorDifference += other.colorDifference
      sums.similarity += other.similarity
      sums.chromaSimilarity += other.chromaSimilarity
      sums.colorfulness += other.colorfulness
    }
  }
}

extension ImageComparison {
  /// The range L of a* and b* in the constants of their SSIM, as where they are stored in bytes with an offset of 128.
  private static var chromaRange: Double { 255 }

  /// Structural similarity of chroma: the mean of that of the planes a* and b*, without an offset and with L = 255, so
  /// C₁ = (0.01 L)² = 6.5 and C₂ = (0.03 L)² = 58.5; see `StructuralSimilarity`.
  fileprivate func chromaSimilarity() -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * pixelCount) { planes in
      guard let first = planes.baseAddress else { return 0 }
      let second = first + pixelCount
      var sum = 0.0
      for coordinate in [\CIELAB.a, \CIELAB.b] {
        for pixel in 0..<pixelCount {
          (first + pixel).initialize(to: Double(predictionLab[pixel][keyPath: coordinate]))
          (second + pixel).initialize(to: Double(photographLab[pixel][keyPath: coordinate]))
        }
        sum += similarity.mean(first, second, range: Self.chromaRange)
      }
      return sum / 2
    }
  }
}
