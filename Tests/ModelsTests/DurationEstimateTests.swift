import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// The time that a run takes, by its first steps.
@Suite("Duration estimates")
struct DurationEstimateTests {
  @Test("The first steps are not measured, the next ones until they suffice, once")
  func measuring() {
    var speed = SpeedMeasurement()
    #expect(speed.add(steps: 1, seconds: 30, endsEpoch: false) == nil)
    #expect(speed.add(steps: 4, seconds: 1, endsEpoch: false) == nil)
    #expect(speed.add(steps: 0, seconds: 5, endsEpoch: false) == nil)
    #expect(speed.add(steps: 5, seconds: 1.25, endsEpoch: false) == 4)
    #expect(speed.add(steps: 5, seconds: 9, endsEpoch: true) == nil)
  }

  @Test("The end of an epoch ends the measurement, unless hardly anything was measured")
  func measuringShortEpochs() {
    var short = SpeedMeasurement()
    #expect(short.add(steps: 2, seconds: 3, endsEpoch: true) == nil)
    #expect(short.add(steps: 2, seconds: 0.5, endsEpoch: true) == 4)
    var tiny = SpeedMeasurement()
    #expect(tiny.add(steps: 2, seconds: 3, endsEpoch: false) == nil)
    #expect(tiny.add(steps: 1, seconds: 0.01, endsEpoch: true) == nil)
    #expect(tiny.add(steps: 3, seconds: 1.99, endsEpoch: false) == 2)
  }

  private func configuration(
    _ kind: ModelKind = .unet, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> RunConfiguration {
    let backend = try TestBackends.cpu.make()
    var configuration = try SmallRun.configuration(kind, on: backend)
    configuration.set(Recipe.study.settings(for: kind))
    change(&configuration)
    return configuration
  }

  /// An estimate at two steps a second.
  private func estimate(
    of configuration: RunConfiguration, stepsLeft: Int, isResumed: Bool = false
  ) -> DurationEstimate {
    DurationEstimate(
      of: configuration, stepsPerSecond: 2, stepsLeft: stepsLeft, validationImagesLeft: 6400, trainingCount: 64_000,
      isResumed: isResumed)
  }

  @Test("The duration is that of the steps and of validation")
  func duration() throws {
    let estimate = try estimate(of: configuration(), stepsLeft: 1200)
    // 64 photographs a step are 128 a second; 6400 validated ones cost as much as a third of that many.
    #expect(estimate.imagesPerSecond == 128)
    #expect(abs(estimate.seconds - (600 + 6400 / 3.0 / 128)) < 1e-9)
    #expect(estimate.length == .epochs(20) && !estimate.isResumed && estimate.device == "cpu")
  }

  @Test("A limit of the steps is the length of a run that it ends")
  func length() throws {
    let limited = try configuration { $0.steps = 500 }
    #expect(estimate(of: limited, stepsLeft: 500).length == .steps(500))
    // 20 epochs of 1000 steps end before this limit.
    let unlimited = try configuration { $0.steps = 30_000 }
    #expect(estimate(of: unlimited, stepsLeft: 500).length == .epochs(20))
  }

  @Test("A run is shortened by the options that are not at their least, a resumed one by its length alone")
  func remedies() throws {
    func remedies(
      isResumed: Bool = false, _ change: (inout RunConfiguration) -> Void = { _ in }
    ) throws -> [DurationEstimate.Remedy] {
      try estimate(of: configuration(.unet, change), stepsLeft: 20_000, isResumed: isResumed).remedies
    }
    #expect(try remedies() == [.smallerWidth, .fewerEpochs, .fewerTrainingImages, .quickRecipe])
    #expect(try remedies { $0.steps = 19_000 } == [.smallerWidth, .fewerSteps, .quickRecipe])
    #expect(try remedies { $0.imageWidth = 64 }.contains(.smallerSize))
    // Weights that the run starts from decide the width.
    #expect(try !remedies { $0.initialWeights = InitialWeights(name: "first", sha256: "") }.contains(.smallerWidth))
    #expect(try remedies { $0.set(Recipe.quick.settings(for: .unet)) } == [.fewerEpochs, .fewerTrainingImages])
    #expect(try remedies(isResumed: true) == [.fewerEpochs])
    #expect(try remedies(isResumed: true) { $0.steps = 19_000 } == [.fewerSteps])
  }

  @Test("A run reports the duration of the steps and validations that it has left")
  func reported() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      let run = try TrainingRun(
        SmallRun.configuration(.unet, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
      // The pauses below are long enough for it.
      run.speed = SpeedMeasurement(leastSeconds: 0.001)
      var estimates: [DurationEstimate] = []
      run.onEstimate = { estimates.append($0) }
      var meter = ThroughputMeter(step: 0, secondsWaited: 0)
      // The last steps of the first of two epochs of four steps.
      for step in [2, 4] {
        (run.state.step, run.state.position) = (step, 8 * step)
        usleep(2_000)
        try run.report(&meter)
      }
      try #require(estimates.count == 1)
      // Both epochs are still to be validated, on 8 photographs each.
      let images = 32 + 2 * 8 * DurationEstimate.validationCost
      #expect(abs(estimates[0].seconds * estimates[0].imagesPerSecond - images) < 1e-6)
      #expect(estimates[0].length == .epochs(2))
    }
  }
}
