import Dispatch

/// Holds predicted images against true ones, many at a time on all cores.
///
/// Each image is scored by itself, in double precision and always in the same way, so that the scores depend neither on
/// how many images are scored at once nor on the number of cores.
public struct ImageScorer: Sendable {
  /// Smallest width and height: the window of SSIM must fit.
  public static let minimumSize = StructuralSimilarity.windowSize
  /// Images that a core scores before it looks for more; they share scratch memory.
  private static let imagesPerTask = 8

  private let width: Int
  private let height: Int
  private var valuesPerImage: Int { 3 * width * height }

  /// For images of one size, each side at least `minimumSize`.
  public init(width: Int, height: Int) {
    precondition(min(width, height) >= Self.minimumSize, "images are smaller than the window of SSIM")
    self.width = width
    self.height = height
  }

  /// Scores of predictions, `[N, height, width, 3]` in 0...1, against photographs, the same in bytes. Predictions outside
  /// 0...1 count as the nearest value inside, as they would be shown, and what is not a number as 0.
  public func scores(predictions: [Float], photographs: some Collection<UInt8>) -> [ImageScores] {
    precondition(predictions.count == photographs.count, "not as many predictions as photographs")
    return predictions.withUnsafeBufferPointer { predictions in
      concurrently(photographs) { comparison, photograph, image in
        comparison.setPhotograph(photograph)
        comparison.setPrediction(UnsafeBufferPointer(rebasing: predictions[values(of: image)]))
        return comparison.scores()
      }
    }
  }

  /// Scores of the photographs' gray copies, the mean of the three colors in each channel: the bar that any colorizer must
  /// pass.
  public func grayCopyScores(photographs: some Collection<UInt8>) -> [ImageScores] {
    concurrently(photographs) { comparison, photograph, _ in
      comparison.setPhotograph(photograph)
      comparison.setPredictionToGrayCopy()
      return comparison.scores()
    }
  }

  /// Scores of photographs against themselves: only the colorfulness tells anything, the one that there is to reach.
  public func photographScores(_ photographs: some Collection<UInt8>) -> [ImageScores] {
    concurrently(photographs) { comparison, photograph, _ in
      comparison.setPhotograph(photograph)
      return comparison.photographScores()
    }
  }

  private func values(of image: Int) -> Range<Int> { image * valuesPerImage..<(image + 1) * valuesPerImage }

  /// Scores images in any order on all cores; returns the scores in the images' order.
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
    // Unsafe only in the compiler's eyes: the tasks end before the pointers do, read the photographs, and write scores of
    // different images.
    nonisolated(unsafe) let (photographs, score) = (photographs, score)
    return [ImageScores](unsafeUninitializedCapacity: imageCount) { scores, count in
      nonisolated(unsafe) let results = scores
      DispatchQueue.concurrentPerform(iterations: (imageCount + Self.imagesPerTask - 1) / Self.imagesPerTask) { task in
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
