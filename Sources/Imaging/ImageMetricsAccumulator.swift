import Glibc

/// Collects `ImageMetrics` batch by batch.
public struct ImageMetricsAccumulator {
  /// Smallest width and height: the window of SSIM must fit.
  public static let minimumSize = StructuralSimilarity.windowSize
  /// Errors under this count as this: 100 dB.
  private static let smallestError = 1e-10

  private let valuesPerImage: Int
  private var similarity: StructuralSimilarity
  private var imageCount = 0
  private var squaredErrorSum = 0.0
  private var absoluteErrorSum = 0.0
  private var psnrSum = 0.0
  private var ssimSum = 0.0
  private var colorfulnessSum = 0.0
  private var prediction: [Double]
  private var target: [Double]

  /// For images of one size, each side at least `minimumSize`.
  public init(width: Int, height: Int) {
    precondition(min(width, height) >= Self.minimumSize, "images are smaller than the window of SSIM")
    valuesPerImage = 3 * width * height
    similarity = StructuralSimilarity(width: width, height: height)
    prediction = [Double](repeating: 0, count: valuesPerImage)
    target = prediction
  }

  /// Adds a batch of pairs. Both are `[N, height, width, 3]` in 0...1; predictions outside count as the nearest value
  /// inside, as they would be shown, and what is not a number as 0.
  public mutating func add(predictions: UnsafeBufferPointer<Float>, targets: UnsafeBufferPointer<Float>) {
    precondition(predictions.count == targets.count && targets.count % valuesPerImage == 0, "not whole pairs of images")
    for first in stride(from: 0, to: targets.count, by: valuesPerImage) {
      var squaredErrors = 0.0
      var absoluteErrors = 0.0
      for index in 0..<valuesPerImage {
        let value = Double(predictions[first + index])
        let predicted = value > 0 ? min(value, 1) : 0
        let truth = Double(targets[first + index])
        prediction[index] = predicted
        target[index] = truth
        squaredErrors += (predicted - truth) * (predicted - truth)
        absoluteErrors += abs(predicted - truth)
      }
      squaredErrorSum += squaredErrors
      absoluteErrorSum += absoluteErrors
      psnrSum += Self.psnr(squaredErrors / Double(valuesPerImage))
      prediction.withUnsafeBufferPointer { prediction in
        target.withUnsafeBufferPointer { ssimSum += similarity.mean(prediction, $0) }
        colorfulnessSum += colorfulness(prediction)
      }
      imageCount += 1
    }
  }

  /// Adds a batch of pairs.
  public mutating func add(predictions: [Float], targets: [Float]) {
    predictions.withUnsafeBufferPointer { predictions in
      targets.withUnsafeBufferPointer { add(predictions: predictions, targets: $0) }
    }
  }

  /// The metrics of all pairs so far; nil before the first.
  public var metrics: ImageMetrics? {
    guard imageCount > 0 else { return nil }
    let count = Double(imageCount)
    let mse = squaredErrorSum / (count * Double(valuesPerImage))
    return ImageMetrics(
      images: imageCount, mse: mse, psnr: Self.psnr(mse), psnrPerImage: psnrSum / count,
      mae: absoluteErrorSum / (count * Double(valuesPerImage)), ssim: ssimSum / count,
      colorfulness: colorfulnessSum / count)
  }

  private static func psnr(_ meanSquaredError: Double) -> Double { -10 * log10(max(meanSquaredError, smallestError)) }
}
