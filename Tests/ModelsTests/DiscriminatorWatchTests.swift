import Data
import Foundation
import TestSupport
import Testing

@testable import Models

/// When a discriminator overpowers its generator, and when it only dominates.
@Suite("Watching the discriminator")
struct DiscriminatorWatchTests {
  private typealias Losses = (real: Double, fake: Double, generator: Double, distance: Double)

  /// Steps in a row without progress, after means over 16 steps each.
  private func dominatedSteps(_ means: [Losses]) -> Int {
    var watch = DiscriminatorWatch()
    for losses in means {
      watch.observe(
        ["d_real": losses.real, "d_fake": losses.fake, "g_adversarial": losses.generator, "g_l1": losses.distance],
        steps: 16)
    }
    return watch.dominatedSteps
  }

  private static let dominated: Losses = (0.326, 0.0002, 9, 0.3)

  @Test("Dominated steps add up")
  func dominated() {
    #expect(dominatedSteps(Array(repeating: Self.dominated, count: 63)) == 63 * 16)
    #expect(62 * 16 < DiscriminatorWatch.stepLimit && 63 * 16 >= DiscriminatorWatch.stepLimit)
  }

  @Test(
    "A loss out of its range ends the domination",
    arguments: [(0.6, 0.3, 2.1, 0.3), (0.36, 0.0002, 9, 0.3), (0.326, 0.01, 9, 0.3), (0.326, 0.0002, 4.6, 0.3)])
  func balanced(real: Double, fake: Double, generator: Double, distance: Double) {
    let before = Array(repeating: Self.dominated, count: 62)
    let balanced: Losses = (real, fake, generator, distance)
    #expect(dominatedSteps(before + [balanced]) == 0)
    #expect(dominatedSteps(before + [balanced] + before) == 62 * 16)
  }

  @Test("Steps count only as long as the colors come no closer")
  func progress() {
    let learning: [Losses] = (0..<600).map { (0.326, 0.0002, 9, 0.4 - 0.0005 * Double($0)) }
    #expect(dominatedSteps(learning) < DiscriminatorWatch.stepLimit)
    let wandering: [Losses] = (0..<600).map { (0.326, 0.0002, 9, 0.3 + 0.01 * Double($0 % 7)) }
    #expect(dominatedSteps(wandering) >= DiscriminatorWatch.stepLimit)
  }

  @Test("The losses of a healthy GAN in its first epoch are no domination")
  func healthy() {
    #expect(dominatedSteps(Array(repeating: (0.345, 0.0053, 5.5, 0.2), count: 10_000)) == 0)
  }

  @Test("A model without a discriminator is not watched")
  func withoutDiscriminator() {
    var watch = DiscriminatorWatch()
    for _ in 0..<100 { watch.observe(["mse": 0], steps: 16) }
    #expect(watch == DiscriminatorWatch())
  }

  /// Eight images, over and over, and a generator that hardly learns: the discriminator memorizes them.
  @Test("A run whose discriminator overpowers ends at the same step after a resume, and not without its guard")
  func run() throws {
    let backend = try TestBackends.cpu.make()
    let eight = try SmallRun.dataset(count: 8)
    let bytes = eight.bytes.withUnsafeBytes { bytes in (0..<40).flatMap { _ in Array(bytes) } }
    let dataset = ImageDataset(name: "eight", source: "eight", width: 32, height: 32, bytes: bytes)
    var configuration = try SmallRun.configuration(.gan, epochs: 100, on: backend)
    configuration.model = try ModelConfiguration(kind: .gan, width: 2)
    configuration.options.l1Weight = 0
    configuration.options.learningRate = 1e-7
    configuration.options.discriminatorLearningRate = 0.003
    configuration.trainImages = 320
    configuration.validationImages = 0
    configuration.steps = 400
    try SmallRun.withFolder { folder in
      do { _ = try TrainingRun(configuration, in: folder, dataset: dataset, on: backend).train { false } }
      // 40 steps short of the limit.
      try SmallRun.changeState(at: RunDirectory(opening: folder).state) {
        $0["watch"] = ["ledSteps": 960, "leastDistance": 1e-6] as [String: Any]
      }
      func resume(noGuard: Bool) throws -> TrainingRun.Outcome {
        let directory = try RunDirectory(resuming: folder)
        var longer = try directory.readConfiguration()
        longer.steps = 480
        longer.noGuard = noGuard
        return try TrainingRun(resuming: directory, as: longer, dataset: dataset, on: backend).train { false }
      }
      for _ in 0..<2 {
        let error = #expect(throws: RunError.self) { try resume(noGuard: false) }
        guard case .discriminatorOverpowers(440, 1000, folder.path, let best?) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(FileManager.default.fileExists(atPath: best))
        #expect(error?.description.contains("--no-guard") == true)
        #expect(try Checkpoint(reading: RunDirectory(opening: folder).last).metadata["step"] == "400")
      }
      #expect(try resume(noGuard: true) == .finished)
    }
  }
}
