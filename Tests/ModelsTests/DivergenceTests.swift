import Data
import Imaging
import TestSupport
import Testing

@testable import Models

@Suite("Divergence")
struct DivergenceTests {
  @Test(
    "Errors far above the gray copy's that do not fall show it",
    arguments: [
      [0.311, 0.311, 0.311], [0.305, 0.334, 0.347], [0.02, 0.304, 0.303, 0.299], [1, 1, 1],
    ])
  func divergence(errors: [Double]) {
    #expect(Divergence.isShown(by: errors, grayError: 0.02))
  }

  @Test(
    "Other errors do not",
    arguments: [
      // Too few epochs, a slow beginning, the first epochs of the study's recipe, and a single bad epoch.
      [], [0.311, 0.311], [0.233, 0.229, 0.225], [0.0094, 0.0076, 0.0061], [0.311, 0.02, 0.311],
      // Errors near the gray copy's, which do not fall any more.
      [0.03, 0.03, 0.03], [.nan, .nan, .nan],
    ] as [[Double]])
  func noDivergence(errors: [Double]) {
    #expect(!Divergence.isShown(by: errors, grayError: 0.02))
  }

  @Test("Nearly gray photographs, whose gray copies have next to no error, show none")
  func nearlyGrayPhotographs() {
    #expect(!Divergence.isShown(by: [0.001, 0.001, 0.001], grayError: 1e-6))
  }

  @Test("The error of gray copies is that of the metrics")
  func grayError() throws {
    let dataset = try SmallRun.dataset(count: 12)
    let indices: [UInt32] = [3, 4, 9]
    let bytes = indices.flatMap { dataset[Int($0)].bytes }
    let scores = ImageScorer(width: 32, height: 32).grayCopyScores(photographs: bytes)
    let expected = try #require(ImageMetrics(scores))[.mse]
    #expect(abs(dataset.grayError(of: indices) - expected) < 1e-6 * expected)
    #expect(dataset.grayError(of: []) == 0)
  }

  @Test(
    "A run with a learning rate that is too large says so once",
    arguments: [(1000, true), (0.0002, false)] as [(Float, Bool)])
  func run(learningRate: Float, diverges: Bool) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      var configuration = try SmallRun.configuration(.gan, epochs: 5, on: backend)
      configuration.options.learningRate = learningRate
      let run = try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend)
      var reports: [Divergence] = []
      run.onDivergence = { reports.append($0) }
      do {
        #expect(try run.train { false } == .finished)
      } catch RunError.diverged where diverges {
        // On some processors a loss becomes NaN, which ends the run.
        return
      }
      #expect(reports.map(\.epoch) == (diverges ? [Divergence.epochCount] : []))
      for report in reports {
        #expect(report.error >= Divergence.factor * report.grayError && report.grayError > 0)
        #expect(report.learningRate == learningRate && report.smallerLearningRate <= learningRate / 10)
      }
    }
  }
}
