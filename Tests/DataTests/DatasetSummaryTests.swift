import Foundation
import Imaging
import Testing

@testable import Data

@Suite("Data set summaries")
struct DatasetSummaryTests {
  @Test func figuresOfASmallSet() throws {
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

  /// The published figure for the 5,000 test photographs is 30.7: the mean over images, not that of all pixels together.
  @Test(.enabled(if: Photographs.batchFolder != nil, "needs the photographs of CIFAR-10 (RECOLOR_CIFAR10)"))
  func photographs() throws {
    let folder = try #require(Photographs.batchFolder)
    let set = try CIFAR10.load(.test, from: folder, limit: 5000)
    let summary = DatasetSummary(of: set)
    #expect(abs(summary.colorfulness - 30.7) < 0.1)
  }
}
