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

  @Test(
    "Durations have the digits of an estimate",
    arguments: [
      (2, "5 s"), (33, "35 s"), (58, "1 min"), (94, "2 min"), (29.4 * 60, "29 min"), (31.9 * 60, "30 min"),
      (58 * 60, "1 h"), (84 * 60, "1 h 25 min"), (9.2 * 3600, "9 h 10 min"), (14.4 * 3600, "14 h"),
      (100 * 3600, "4 days"),
    ] as [(Double, String)])
  func texts(seconds: Double, text: String) {
    #expect(DurationEstimate.text(seconds: seconds) == text)
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
    #expect(estimate.description == "about 10 min for 20 epochs on cpu (128 images/s)")
    #expect(estimate.warning == nil)
  }

  @Test("A resumed run tells the duration of its rest, a run with a step limit that of its steps")
  func work() throws {
    let resumed = try estimate(of: configuration(), stepsLeft: 10_000, isResumed: true)
    #expect(resumed.description == "about 1 h 25 min for the rest of 20 epochs on cpu (128 images/s)")
    let limited = try configuration { $0.steps = 500 }
    #expect(estimate(of: limited, stepsLeft: 500).description.contains(" for 500 steps on cpu"))
    // 20 epochs of 1000 steps end before this limit.
    let unlimited = try configuration { $0.steps = 30_000 }
    #expect(estimate(of: unlimited, stepsLeft: 500).description.contains(" for 20 epochs on cpu"))
  }

  @Test("A run of more than two hours names the options that shorten it, and no others")
  func warning() throws {
    let long = 20_000
    func warning(_ change: (inout RunConfiguration) -> Void = { _ in }) throws -> String? {
      try estimate(of: configuration(.unet, change), stepsLeft: long).warning
    }
    #expect(
      try warning()
        == "that is more than two hours; shorter with a smaller --width, fewer --epochs, fewer --train-images or "
        + "--recipe quick")
    let steps = try #require(try warning { $0.steps = 19_000 })
    #expect(steps.contains("fewer --steps") && !steps.contains("--epochs") && !steps.contains("--train-images"))
    let large = try #require(try warning { $0.imageWidth = 64 })
    #expect(large.contains("a smaller --size"))
    // Weights that the run starts from decide the width.
    let initial = try #require(try warning { $0.initialWeights = InitialWeights(name: "first", sha256: "") })
    #expect(!initial.contains("--width"))
    let quick = try #require(try warning { $0.set(Recipe.quick.settings(for: .unet)) })
    #expect(!quick.contains("--width") && !quick.contains("--recipe") && quick.contains("fewer --epochs"))
    let resumed = try estimate(of: configuration(), stepsLeft: long, isResumed: true)
    #expect(resumed.warning == "that is more than two hours; shorter with fewer epochs in its config.json")
  }

  @Test("A run reports the duration of the steps and validations that it has left")
  func reported() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      let run = try TrainingRun(
        SmallRun.configuration(.unet, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
      var estimates: [DurationEstimate] = []
      run.onEstimate = { estimates.append($0) }
      var meter = ThroughputMeter(step: 0)
      // The last steps of the first of two epochs of four steps.
      for step in [2, 4] {
        (run.state.step, run.state.position) = (step, 8 * step)
        usleep(300_000)
        try run.report(&meter)
      }
      try #require(estimates.count == 1)
      // Both epochs are still to be validated, on 8 photographs each.
      let images = 32 + 2 * 8 * DurationEstimate.validationCost
      #expect(abs(estimates[0].seconds * estimates[0].imagesPerSecond - images) < 1e-6)
      #expect(estimates[0].description.contains("for 2 epochs on cpu"))
    }
  }
}
