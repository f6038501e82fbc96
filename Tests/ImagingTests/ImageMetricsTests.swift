import Foundation
import Testing

@testable import Imaging

@Suite("Image metrics")
struct ImageMetricsTests {
  /// A prediction and its photograph, with the values of the metrics by scikit-image.
  struct Pair: Decodable {
    let width: Int
    let height: Int
    let prediction: HexBytes
    let truth: HexBytes
    let mse: Double
    let psnr: Double
    let mae: Double
    let ssim: Double
    let accuracyWithin2: Double
    let accuracyWithin5: Double
    let deltaE: Double
    let colorfulness: Double
    let truthColorfulness: Double
  }

  private func values(_ bytes: HexBytes) -> [Float] { bytes.bytes.map { Float($0) / 255 } }

  @Test("Metrics equal scikit-image")
  func metricsEqualScikitImage() throws {
    for (index, pair) in try Vectors.load("metrics.json", as: [Pair].self).enumerated() {
      let scorer = ImageScorer(width: pair.width, height: pair.height)
      let scores = scorer.scores(predictions: values(pair.prediction), photographs: pair.truth.bytes)
      let metrics = try #require(ImageMetrics(scores))
      let expected: [(metric: Metric, value: Double, tolerance: Double)] = [
        (.mse, pair.mse, 1e-6 * pair.mse), (.psnr, pair.psnr, 1e-4), (.psnrPerImage, pair.psnr, 1e-4),
        (.mae, pair.mae, 1e-6 * pair.mae), (.ssim, pair.ssim, 1e-5), (.accuracyWithin2, pair.accuracyWithin2, 1e-9),
        (.accuracyWithin5, pair.accuracyWithin5, 1e-9), (.deltaE, pair.deltaE, 1e-4),
        (.colorfulness, pair.colorfulness, 1e-4),
      ]
      for (metric, value, tolerance) in expected {
        #expect(abs(metrics[metric] - value) <= tolerance, "\(metric.rawValue) of pair \(index)")
      }
      let truth = RGBImage(width: pair.width, height: pair.height, bytes: pair.truth.bytes)
      #expect(abs(truth.colorfulness - pair.truthColorfulness) <= 1e-9, "pair \(index)")
      let photograph = try #require(scorer.photographScores(pair.truth.bytes).first)
      #expect(abs(photograph[.colorfulness] - pair.truthColorfulness) <= 1e-9, "pair \(index)")
    }
  }

  /// The bytes of an image with 16 × 16 pixels.
  private static let image: [UInt8] = (0..<768).map { (index: Int) -> UInt8 in UInt8(index % 7 * 36) }

  /// An object with the number of images and each metric under its key.
  @Test("Metrics are encoded by their keys")
  func metricsAreEncodedByTheirKeys() throws {
    let metrics = try #require(ImageMetrics(ImageScorer(width: 16, height: 16).grayCopyScores(photographs: Self.image)))
    let object = try JSONDecoder().decode([String: Double].self, from: JSONEncoder().encode(metrics))
    #expect(object["images"] == 1)
    for metric in Metric.allCases { #expect(object[metric.rawValue] == metrics[metric], "\(metric.rawValue)") }
    #expect(object.count == Metric.allCases.count + 1)
  }

  @Test("Images are scored by themselves")
  func imagesAreScoredByThemselves() throws {
    let pair = try #require(Vectors.load("metrics.json", as: [Pair].self).first)
    let (prediction, truth) = (values(pair.prediction), pair.truth.bytes)
    let gray = truth.map { _ in Float(0.5) }
    let scorer = ImageScorer(width: pair.width, height: pair.height)
    let first = scorer.scores(predictions: prediction, photographs: truth)
    let second = scorer.scores(predictions: gray, photographs: truth)
    // More than one task, and a last one that is not full.
    let many = scorer.scores(
      predictions: (0..<10).flatMap { _ in prediction + gray } + prediction,
      photographs: (0..<21).flatMap { _ in truth })
    #expect(many == (0..<10).flatMap { _ in first + second } + first)

    let metrics = try #require(ImageMetrics(first + second))
    #expect(metrics.images == 2)
    // The pooled ratio comes from the mean error, and is below the mean of the ratios.
    #expect(abs(metrics[.mse] - (first[0][.mse] + second[0][.mse]) / 2) < 1e-12)
    #expect(abs(metrics[.psnrPerImage] - (first[0][.psnrPerImage] + second[0][.psnrPerImage]) / 2) < 1e-9)
    #expect(metrics[.psnr] < metrics[.psnrPerImage] - 1)
    #expect(abs(metrics[.deltaE] - (first[0][.deltaE] + second[0][.deltaE]) / 2) < 1e-9)
    #expect(abs(metrics[.colorfulness] - first[0][.colorfulness] / 2) < 1e-9)
    #expect(ImageMetrics([]) == nil)
  }

  @Test("Exact images have finite ratios")
  func exactImagesHaveFiniteRatios() throws {
    let scorer = ImageScorer(width: 16, height: 16)
    let scores = scorer.scores(predictions: Self.image.map { Float($0) / 255 }, photographs: Self.image)
    let metrics = try #require(ImageMetrics(scores))
    #expect(metrics[.mse] < 1e-14 && metrics[.mae] < 1e-7)
    #expect(metrics[.psnr] == 100 && metrics[.psnrPerImage] == 100)
    #expect(abs(metrics[.ssim] - 1) < 1e-12)
    #expect(metrics[.accuracyWithin2] == 1 && metrics[.deltaE] < 1e-3)
    let itself = try #require(ImageMetrics(scorer.photographScores(Self.image)))
    #expect(itself[.mse] == 0 && itself[.psnr] == 100 && itself[.ssim] == 1)
    #expect(itself[.accuracyWithin2] == 1 && itself[.accuracyWithin5] == 1 && itself[.deltaE] == 0)
  }

  @Test("Predictions count as they would be shown")
  func predictionsCountAsTheyWouldBeShown() throws {
    let white = [UInt8](repeating: 255, count: 3 * 11 * 11)
    let scorer = ImageScorer(width: 11, height: 11)
    #expect(scorer.scores(predictions: white.map { _ in 1.5 }, photographs: white)[0][.mse] == 0)
    #expect(scorer.scores(predictions: white.map { _ in .nan }, photographs: white)[0][.mse] == 1)
  }

  @Test("The gray copy is the mean of the colors")
  func theGrayCopyIsTheMeanOfTheColors() throws {
    let pair = try #require(Vectors.load("metrics.json", as: [Pair].self).first)
    let gray = stride(from: 0, to: pair.truth.bytes.count, by: 3).flatMap { first in
      let sum = pair.truth.bytes[first..<first + 3].reduce(0) { $0 + Float($1) }
      return [Float](repeating: sum / 3 / 255, count: 3)
    }
    let scorer = ImageScorer(width: pair.width, height: pair.height)
    let expected = try #require(scorer.scores(predictions: gray, photographs: pair.truth.bytes).first)
    let found = try #require(scorer.grayCopyScores(photographs: pair.truth.bytes).first)
    #expect(abs(found[.mse] - expected[.mse]) < 1e-8)
    #expect(abs(found[.ssim] - expected[.ssim]) < 1e-6)
    #expect(abs(found[.deltaE] - expected[.deltaE]) < 1e-3)
    #expect(found[.colorfulness] == 0)
  }
}
