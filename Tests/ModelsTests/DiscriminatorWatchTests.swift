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
    configuration.steps = 480
    let limit = 64
    try SmallRun.withFolder { folder in
      /// Trains to the error that the guard throws.
      func end(of run: TrainingRun) -> (step: Int, steps: Int, checkpoint: String?)? {
        run.discriminatorStepLimit = limit
        let error = #expect(throws: RunError.self) { try run.train { false } }
        #expect(error?.description.contains("--no-guard") == true)
        guard case .discriminatorOverpowers(let step, let steps, folder.path, let best) = error else { return nil }
        return (step, steps, best)
      }
      let first = try #require(
        end(of: TrainingRun(configuration, in: folder, dataset: dataset, on: backend)))
      #expect((limit..<limit + 16).contains(first.steps) && first.step < 480)
      #expect(FileManager.default.fileExists(atPath: try #require(first.checkpoint)))
      // An epoch has 40 steps.
      let saved = (first.step - 1) / 40 * 40
      #expect(try Checkpoint(reading: RunDirectory(opening: folder).last).metadata["step"] == String(saved))

      let second = try #require(end(of: TrainingRun(resuming: folder, dataset: dataset, on: backend)))
      #expect(second.step == first.step && second.steps == first.steps)

      let directory = try RunDirectory(resuming: folder)
      var unguarded = try directory.readConfiguration()
      unguarded.noGuard = true
      let third = try TrainingRun(resuming: directory, as: unguarded, dataset: dataset, on: backend)
      third.discriminatorStepLimit = limit
      #expect(try third.train { false } == .finished)
    }
  }
}
