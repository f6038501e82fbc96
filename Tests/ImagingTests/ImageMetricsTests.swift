import Testing

@testable import Imaging

@Suite("Image metrics")
struct ImageMetricsTests {
  struct Pair: Decodable {
    let width: Int
    let height: Int
    let prediction: HexBytes
    let truth: HexBytes
    let mse: Double
    let psnr: Double
    let mae: Double
    let ssim: Double
    let colorfulness: Double
    let truthColorfulness: Double
  }

  private func values(_ bytes: HexBytes) -> [Float] { bytes.bytes.map { Float($0) / 255 } }

  @Test func sameAsScikitImage() throws {
    for pair in try Vectors.load("metrics.json", as: [Pair].self) {
      var accumulator = ImageMetricsAccumulator(width: pair.width, height: pair.height)
      accumulator.add(predictions: values(pair.prediction), targets: values(pair.truth))
      let metrics = try #require(accumulator.metrics)
      #expect(abs(metrics.mse - pair.mse) <= 1e-6 * pair.mse)
      #expect(abs(metrics.psnr - pair.psnr) <= 1e-4)
      #expect(abs(metrics.psnrPerImage - pair.psnr) <= 1e-4)
      #expect(abs(metrics.mae - pair.mae) <= 1e-6 * pair.mae)
      #expect(abs(metrics.ssim - pair.ssim) <= 1e-5)
      #expect(abs(metrics.colorfulness - pair.colorfulness) <= 1e-3)
      let truth = RGBImage(width: pair.width, height: pair.height, bytes: pair.truth.bytes)
      #expect(abs(truth.colorfulness - pair.truthColorfulness) <= 1e-9)
    }
  }

  @Test func batchesAddUp() throws {
    let pair = try #require(Vectors.load("metrics.json", as: [Pair].self).first)
    let (prediction, truth) = (values(pair.prediction), values(pair.truth))
    let gray = truth.map { _ in Float(0.5) }
    var together = ImageMetricsAccumulator(width: pair.width, height: pair.height)
    together.add(predictions: prediction + gray, targets: truth + truth)
    var apart = ImageMetricsAccumulator(width: pair.width, height: pair.height)
    apart.add(predictions: prediction, targets: truth)
    let first = try #require(apart.metrics)
    apart.add(predictions: gray, targets: truth)
    let metrics = try #require(apart.metrics)
    #expect(metrics == together.metrics)
    #expect(metrics.images == 2)
    // The pooled ratio comes from the mean error, and is below the mean of the ratios.
    var second = ImageMetricsAccumulator(width: pair.width, height: pair.height)
    second.add(predictions: gray, targets: truth)
    let other = try #require(second.metrics)
    #expect(abs(metrics.mse - (first.mse + other.mse) / 2) < 1e-12)
    #expect(abs(metrics.psnrPerImage - (first.psnr + other.psnr) / 2) < 1e-9)
    #expect(metrics.psnr < metrics.psnrPerImage - 1)
    #expect(abs(metrics.colorfulness - first.colorfulness / 2) < 1e-9)
  }

  @Test func exactImagesHaveFiniteRatios() throws {
    let image = (0..<3 * 16 * 16).map { Float($0 % 7) / 7 }
    var accumulator = ImageMetricsAccumulator(width: 16, height: 16)
    #expect(accumulator.metrics == nil)
    accumulator.add(predictions: image, targets: image)
    let metrics = try #require(accumulator.metrics)
    #expect(metrics.mse == 0 && metrics.mae == 0)
    #expect(metrics.psnr == 100 && metrics.psnrPerImage == 100)
    #expect(abs(metrics.ssim - 1) < 1e-12)
  }

  @Test func predictionsCountAsTheyWouldBeShown() throws {
    let white = [Float](repeating: 1, count: 3 * 11 * 11)
    var accumulator = ImageMetricsAccumulator(width: 11, height: 11)
    accumulator.add(predictions: white.map { $0 * 1.5 }, targets: white)
    #expect(accumulator.metrics?.mse == 0)
    accumulator.add(predictions: white.map { _ in .nan }, targets: white)
    #expect(accumulator.metrics?.mse == 0.5)
  }
}
