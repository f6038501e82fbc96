import Foundation
import TestSupport
import Testing

@testable import Imaging

/// The scores of pictures of any size.
@Suite("Scores of pictures")
struct PictureScorerTests {
  /// Returns an image of bytes without structure.
  private func noise(_ width: Int, _ height: Int, seed: Int) -> RGBImage {
    var state = UInt64(seed)
    let bytes = (0..<3 * width * height).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    return RGBImage(width: width, height: height, bytes: bytes)
  }

  /// Heights of one band, of several, of windows that end with a band, and of a last band with a single row of windows.
  @Test(
    "Pictures have the scores of images",
    arguments: [(11, 11), (40, 50), (13, PictureScorer.bandHeight + 10), (30, 2 * PictureScorer.bandHeight + 11)])
  func picturesHaveTheScoresOfImages(width: Int, height: Int) throws {
    let photograph = RGBImage.colorful(width: width, height: height, level: 90)
    let predictions = [noise(width, height, seed: 1), photograph.gray]
    let found = PictureScorer.scores(of: predictions, against: photograph)
    let scorer = ImageScorer(width: width, height: height)
    for (scores, prediction) in zip(found.predictions, predictions) {
      let expected = try #require(
        scorer.scores(predictions: prediction.bytes.map { Float($0) / 255 }, photographs: photograph.bytes).first)
      for (metric, image) in [
        (PictureMetric.mse, Metric.mse), (.psnr, .psnr), (.psnrPerImage, .psnrPerImage), (.ssim, .ssim),
        (.deltaE, .deltaE), (.colorfulness, .colorfulness),
      ] {
        #expect(abs(scores[metric] - expected[image]) <= 1e-5 * max(1, abs(expected[image])), "\(metric)")
      }
    }
    #expect(found.photograph[.deltaE] == 0 && found.photograph[.ssim] == 1 && found.photograph[.chromaSSIM] == 1)
    #expect(abs(found.photograph[.colorfulness] - photograph.colorfulness) < 1e-9)
  }

  /// A single window: the formula of Wang et al. (2004) with the weighted sums written out.
  @Test("SSIM of chroma is that of a* and b*")
  func chromaSimilarity() throws {
    let size = StructuralSimilarity.windowSize
    let (photograph, prediction) = (noise(size, size, seed: 2), RGBImage.colorful(width: size, height: size, level: 70))
    let bell = (0..<size).map { exp(-0.5 * pow(Double($0 - size / 2) / 1.5, 2)) }
    let total = bell.reduce(0, +)
    func planes(_ image: RGBImage) -> [[Double]] {
      let colors = (0..<size * size).map { index in
        let color = image[index % size, index / size]
        return CIELAB(
          red: Double(color.red) / 255, green: Double(color.green) / 255, blue: Double(color.blue) / 255)
      }
      return [colors.map { Double($0.a) }, colors.map { Double($0.b) }]
    }
    func weighted(_ values: [Double]) -> Double {
      var sum = 0.0
      for (index, value) in values.enumerated() { sum += bell[index % size] * bell[index / size] * value }
      return sum / (total * total)
    }
    func similarity(_ first: [Double], _ second: [Double]) -> Double {
      let (mean1, mean2) = (weighted(first), weighted(second))
      let variance1 = weighted(first.map { ($0 - mean1) * ($0 - mean1) })
      let variance2 = weighted(second.map { ($0 - mean2) * ($0 - mean2) })
      let covariance = weighted(zip(first, second).map { ($0 - mean1) * ($1 - mean2) })
      let (c1, c2): (Double, Double) = (2.55 * 2.55, 7.65 * 7.65)
      let numerator = (2 * mean1 * mean2 + c1) * (2 * covariance + c2)
      return numerator / ((mean1 * mean1 + mean2 * mean2 + c1) * (variance1 + variance2 + c2))
    }
    let similarities = zip(planes(prediction), planes(photograph)).map { similarity($0, $1) }
    let expected = similarities.reduce(0, +) / 2
    let found = PictureScorer.scores(of: [prediction], against: photograph).predictions[0][.chromaSSIM]
    #expect(abs(found - expected) < 1e-9)
  }

  @Test("The copy without chroma keeps lightness")
  func theCopyWithoutChromaKeepsLightness() {
    let image = RGBImage.colorful(width: 40, height: 30, level: 130)
    let gray = image.withoutChroma
    var largest: Float = 0
    for (color, level) in zip(stride(from: 0, to: image.bytes.count, by: 3), gray.bytes.indices.filter { $0 % 3 == 0 })
    {
      func lightness(_ bytes: [UInt8], _ first: Int) -> Float {
        CIELAB(
          red: Float(bytes[first]) / 255, green: Float(bytes[first + 1]) / 255, blue: Float(bytes[first + 2]) / 255
        )
        .lightness
      }
      largest = max(largest, abs(lightness(image.bytes, color) - lightness(gray.bytes, level)))
    }
    // Half a step of a byte.
    #expect(largest <= 0.3)
    #expect(gray.colorfulness == 0)
    let scores = PictureScorer.scores(of: [gray], against: image).predictions[0]
    #expect(scores[.deltaE] > 5 && scores[.colorfulness] == 0)
  }

  @Test("Means weigh every picture the same")
  func means() throws {
    let scores = [(20, 1), (40, 2)].map { size, seed in
      PictureScorer.scores(
        of: [noise(size, size, seed: seed)], against: RGBImage.colorful(width: size, height: size, level: 10 * 5)
      ).predictions[0]
    }
    let mean = try #require(PictureScores(meanOf: scores))
    for metric in PictureMetric.allCases where metric != .psnr {
      #expect(abs(mean[metric] - (scores[0][metric] + scores[1][metric]) / 2) < 1e-9, "\(metric)")
    }
    #expect(abs(mean[.psnr] - PeakSignalToNoiseRatio.decibels(ofError: mean[.mse])) < 1e-12)
    #expect(PictureScores(meanOf: []) == nil)
    let object = try JSONDecoder().decode([String: Double].self, from: JSONEncoder().encode(mean))
    #expect(Set(object.keys) == Set(PictureMetric.allCases.map(\.rawValue)))
    #expect(object["chromaSSIM"] == mean[.chromaSSIM])
  }
}
