import Foundation
import Imaging
import Testing

@testable import Data

@Suite("Data sets")
struct ImageDatasetTests {
  @Test("Summaries hold the statistics")
  func summaries() throws {
    let set = ImageDataset(
      name: "small", source: "here", width: 2, height: 1, bytes: [0, 0, 255, 255, 0, 255, 0, 51, 255, 0, 51, 255],
      labels: [2, 0], classNames: ["a", "b", "c"])
    let summary = DatasetSummary(of: set)
    #expect(summary.images == 2 && summary.width == 2 && summary.height == 1)
    #expect(summary.labels?.map(\.images) == [1, 0, 1])
    #expect(summary.labels?.map(\.name) == ["a", "b", "c"])
    #expect(summary.mean == [0.25, 0.1, 1])
    let deviations = [Double(0.1875).squareRoot(), 0.1, 0]
    for (found, expected) in zip(summary.standardDeviation, deviations) { #expect(abs(found - expected) < 1e-12) }
    let mean: Double = (set[0].colorfulness + set[1].colorfulness) / 2
    #expect(abs(summary.colorfulness - mean) < 1e-12)
  }

  /// The published colorfulness of the first 5,000 test images is 30.7, the mean over images and not over all pixels.
  @Test(
    "Colorfulness of CIFAR-10 is the published one",
    .enabled(if: PublishedImages.batchFolder != nil, "needs the images of CIFAR-10 (RECOLOR_CIFAR10)"))
  func colorfulness() throws {
    let folder = try #require(PublishedImages.batchFolder)
    let set = try CIFAR10.load(.test, from: folder, limit: 5000)
    let summary = DatasetSummary(of: set)
    #expect(abs(summary.colorfulness - 30.7) < 0.1)
  }

  @Test("Byte counts are products")
  func byteCounts() throws {
    #expect(try ImageDataset.byteCount(width: 32, height: 16, count: 10, limit: 15_360) == 15_360)
    #expect(try ImageDataset.byteCount(width: 32, height: 16, count: 0, limit: 15_360) == 0)
    #expect(ImageDataset.byteLimit > 1 << 20)
  }

  @Test(
    "Byte counts beyond the limit are errors",
    arguments: [
      (32, 16, 11), (0, 16, 1), (32, -16, 1), (32, 16, -1), (1 << 40, 1 << 40, 1), (.max, .max, .max),
    ] as [(Int, Int, Int)])
  func tooManyBytes(width: Int, height: Int, count: Int) {
    #expect(throws: DataError.imageSize(width: width, height: height, count: count, limit: 15_360)) {
      try ImageDataset.byteCount(width: width, height: height, count: count, limit: 15_360)
    }
  }
}
