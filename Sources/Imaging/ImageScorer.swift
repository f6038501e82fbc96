/// Computes the scores of predicted images against photographs, many at a time on all cores.
///
/// Each image is scored by itself, in double precision and always in the same order, so that the scores depend neither
/// on how many images are scored at once nor on the number of cores.
public struct ImageScorer: Sendable {
  /// Smallest width and height: the window of SSIM must fit.
  public static let minimumSize = StructuralSimilarity.windowSize
  /// Number of images in a task; they share scratch memory.
  private static let imagesPerTask = 8

  private let width: Int
  private let height: Int
  private var valuesPerImage: Int { 3 * width * height }

  /// Creates a scorer of images of one size, each side at least `minimumSize`.
  public init(width: Int, height: Int) {
    precondition(min(width, height) >= Self.minimumSize, "images are smaller than the window of SSIM")
    self.width = width
    self.height = height
  }

  /// Returns the scores of predictions, `[N, height, width, 3]` in 0...1, against photographs, of the same shape in
  /// bytes. Predictions outside 0...1 are clamped; NaN counts as 0.
  public func scores(predictions: [Float], photographs: some Collection<UInt8>) -> [ImageScores] {
    precondition(predictions.count == photographs.count, "not as many predictions as photographs")
    return predictions.withUnsafeBufferPointer { predictions in
      concurrently(photographs) { comparison, photograph, image in
        comparison.setPhotograph(photograph)
        comparison.setPrediction(UnsafeBufferPointer(rebasing: predictions[values(of: image)]))
        return ImageScores(comparison)
      }
    }
  }

  /// Returns the scores of the photographs' gray copies, the mean of the three colors in each channel: a baseline for
  /// colorizers.
  public func grayCopyScores(photographs: some Collection<UInt8>) -> [ImageScores] {
    concurrently(photographs) { comparison, photograph, _ in
      comparison.setPhotograph(photograph)
      comparison.setPredictionToGrayCopy()
      return ImageScores(comparison)
    }
  }

  /// Returns the scores of photographs against themselves. Only the colorfulness differs from photograph to photograph.
  public func photographScores(_ photographs: some Collection<UInt8>) -> [ImageScores] {
    concurrently(photographs) { comparison, photograph, _ in
      comparison.setPhotograph(photograph)
      comparison.setPredictionToPhotograph()
      return ImageScores(comparison, isExact: true)
    }
  }

  private func values(of image: Int) -> Range<Int> { image * valuesPerImage..<(image + 1) * valuesPerImage }

  /// Scores images on all cores. Returns the scores in the images' order.
  private func concurrently(
    _ photographs: some Collection<UInt8>,
    _ score: (inout ImageComparison, _ photograph: UnsafeBufferPointer<UInt8>, _ image: Int) -> ImageScores
  ) -> [ImageScores] {
    photographs.withContiguousStorageIfAvailable { concurrently($0, score) }
      ?? Array(photographs).withUnsafeBufferPointer { concurrently($0, score) }
  }

  private func concurrently(
    _ photographs: UnsafeBufferPointer<UInt8>,
    _ score: (inout ImageComparison, _ photograph: UnsafeBufferPointer<UInt8>, _ image: Int) -> ImageScores
  ) -> [ImageScores] {
    precondition(photographs.count.isMultiple(of: valuesPerImage), "not whole images")
    let imageCount = photographs.count / valuesPerImage
    // Safe: the tasks end before the pointers become invalid, only read the photographs, and write scores of different
    // images.
    nonisolated(unsafe) let (photographs, score) = (photographs, score)
    return [ImageScores](unsafeUninitializedCapacity: imageCount) { scores, count in
      nonisolated(unsafe) let results = scores
      Parallel.forEach((imageCount + Self.imagesPerTask - 1) / Self.imagesPerTask) { task in
        let first = task * Self.imagesPerTask
        var comparison = ImageComparison(width: width, height: height)
        for image in first..<min(first + Self.imagesPerTask, imageCount) {
          let photograph = UnsafeBufferPointer(rebasing: photographs[values(of: image)])
          results.initializeElement(at: image, to: score(&comparison, photograph, image))
        }
      }
      count = imageCount
    }
  }
}
