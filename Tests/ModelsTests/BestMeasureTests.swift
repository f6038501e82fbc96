import Data
import Files
import Foundation
import Imaging
import Runtime
import TestSupport
import Testing

@testable import Models

/// The choice of the best weights, and the end of runs without better ones.
@Suite("Best weights", .serialized)
struct BestMeasureTests {
  @Test("Measures are least for the best", arguments: BestMeasure.allCases)
  func values(measure: BestMeasure) throws {
    let dataset = try SmallRun.dataset(count: 4)
    let bytes = (0..<4).flatMap { dataset[$0].bytes }
    let scorer = ImageScorer(width: 32, height: 32)
    let truth = try #require(ImageMetrics(scorer.photographScores(bytes)))
    let gray = try #require(ImageMetrics(scorer.grayCopyScores(photographs: bytes)))
    let photographs = truth[.colorfulness]
    #expect((0..<1e-12).contains(measure.value(of: truth, photographs: photographs)))
    var evaluations = 0
    func counted() -> Double {
      evaluations += 1
      return photographs
    }
    _ = measure.value(of: truth, photographs: counted())
    #expect(evaluations == (measure == .colorfulnessGap ? 1 : 0))
    #expect(measure.value(of: gray, photographs: photographs) > 0.001)
    if measure == .colorfulnessGap { #expect(measure.value(of: gray, photographs: photographs) == photographs) }
    if measure == .mse { #expect(measure.value(of: gray, photographs: photographs) == gray[.mse]) }
  }

  @Test("The best weights are those of the least measure", arguments: [nil, .mse, .colorfulnessGap] as [BestMeasure?])
  func bestWeights(measure: BestMeasure?) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      var configuration = try SmallRun.configuration(.gan, epochs: 5, on: backend)
      configuration.options.learningRate = 0.01
      configuration.bestBy = measure
      let dataset = try SmallRun.dataset()
      let run = try TrainingRun(configuration, in: folder, dataset: dataset, on: backend)
      var values: [Double] = []
      let photographs = run.split.validation.map { dataset[Int($0)].colorfulness }
      let colorfulness = photographs.reduce(0, +) / Double(photographs.count)
      run.onEpoch = { epoch in
        guard let metrics = epoch.validation else { return }
        values.append(
          measure == .colorfulnessGap ? abs(metrics[.colorfulness] - colorfulness) : metrics[.mse])
      }
      #expect(try run.train { false } == .finished)
      let least = try #require(values.min())
      let epoch = try #require(values.firstIndex(of: least)) + 1
      #expect(run.bestEpoch == epoch)
      #expect(try Checkpoint(reading: run.directory.best).metadata["epoch"] == "\(epoch)")
      #expect(try run.directory.readConfiguration().bestBy == measure)
    }
  }

  private func resume(_ folder: URL, patience: Int?, on backend: any Backend) throws -> TrainingRun {
    let directory = try RunDirectory(resuming: folder)
    var configuration = try directory.readConfiguration()
    (configuration.epochs, configuration.patience) = (10, patience)
    return try TrainingRun(resuming: directory, as: configuration, dataset: SmallRun.dataset(), on: backend)
  }

  @Test("A run ends where its patience does, and goes on with more", arguments: [true, false])
  func patience(saysBestEpoch: Bool) throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      do {
        let configuration = try SmallRun.configuration(.unet, epochs: 1, on: backend)
        let run = try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend)
        #expect(try run.train { false } == .finished)
        #expect(run.bestEpoch == 1 && !run.isOutOfPatience)
      }
      // No epoch has better weights from now on.
      try SmallRun.changeState(at: RunDirectory(opening: folder).state) { state in
        state["bestValidationError"] = 0
        if !saysBestEpoch { state["bestEpoch"] = nil }
      }
      do {
        let run = try resume(folder, patience: 2, on: backend)
        #expect(try run.train { false } == .finished)
        #expect(run.epochsDone == 3 && run.isOutOfPatience && run.bestEpoch == 1)
      }
      try SmallRun.changeState(at: RunDirectory(opening: folder).state) { state in
        if !saysBestEpoch { state["bestEpoch"] = nil }
      }
      do {
        let run = try resume(folder, patience: 2, on: backend)
        #expect(run.isFinished && run.bestEpoch == 1)
        #expect(try run.train { false } == .finished && run.epochsDone == 3)
      }
      do {
        let run = try resume(folder, patience: 3, on: backend)
        #expect(!run.isFinished)
        #expect(try run.train { false } == .finished && run.epochsDone == 4)
      }
      try SmallRun.changeState(at: RunDirectory(opening: folder).state) { $0["bestEpoch"] = nil }
      Folder.removeFile(RunDirectory(opening: folder).best.path)
      #expect(try resume(folder, patience: 3, on: backend).bestEpoch == 4)
    }
  }

  @Test("Measures of validation images need some")
  func withoutValidation() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      var configuration = try SmallRun.configuration(.unet, epochs: 1, on: backend)
      (configuration.validationImages, configuration.bestBy) = (0, .ssim)
      #expect(throws: RunError.self) {
        try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend)
      }
      configuration.bestBy = .mse
      let run = try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend)
      #expect(try run.train { false } == .finished && run.bestEpoch == 1)
    }
  }
}
