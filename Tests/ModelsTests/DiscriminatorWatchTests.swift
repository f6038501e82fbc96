import Data
import Foundation
import TestSupport
import Testing

@testable import Models

/// When a discriminator has won, and when it is only ahead.
@Suite("Watching the discriminator")
struct DiscriminatorWatchTests {
  private typealias Reading = (real: Double, fake: Double, generator: Double, distance: Double)

  private func watch(_ readings: [Reading]) -> DiscriminatorWatch {
    var watch = DiscriminatorWatch()
    for reading in readings {
      watch.observe(
        [
          "d_real": reading.real, "d_fake": reading.fake, "g_adversarial": reading.generator, "g_l1": reading.distance,
        ], steps: 16)
    }
    return watch
  }

  private let won: Reading = (0.326, 0.0002, 9, 0.3)

  @Test func aLongLeadIsAWin() {
    #expect(!watch(Array(repeating: won, count: 62)).hasWon)
    #expect(watch(Array(repeating: won, count: 63)).hasWon)
  }

  @Test func aLeadThatIsLostDoesNotCount() {
    let lead = Array(repeating: won, count: 62)
    for balanced: Reading in [
      (0.6, 0.3, 2.1, 0.3), (0.36, 0.0002, 9, 0.3), (0.326, 0.01, 9, 0.3), (0.326, 0.0002, 4.6, 0.3),
    ] {
      #expect(!watch(lead + [balanced] + lead).hasWon)
      #expect(watch(lead + [balanced] + lead + [won]).hasWon)
    }
  }

  @Test func whileTheColorsComeCloserNothingIsWon() {
    let learning: [Reading] = (0..<600).map { (0.326, 0.0002, 9, 0.4 - 0.0005 * Double($0)) }
    #expect(!watch(learning).hasWon)
    let wandering: [Reading] = (0..<600).map { (0.326, 0.0002, 9, 0.3 + 0.01 * Double($0 % 7)) }
    #expect(watch(wandering).hasWon)
  }

  /// The most that the discriminator of a healthy GAN led by in its first epoch, for ever.
  @Test func beingAheadIsNoWin() {
    #expect(!watch(Array(repeating: (0.345, 0.0053, 5.5, 0.2), count: 10_000)).hasWon)
  }

  @Test func aModelWithoutDiscriminatorIsNotWatched() {
    var watch = DiscriminatorWatch()
    for _ in 0..<100 { watch.observe(["mse": 0], steps: 16) }
    #expect(watch == DiscriminatorWatch())
  }

  /// Eight photographs, over and over, and a generator that hardly moves: the discriminator learns them by heart.
  @Test func aRunWhoseDiscriminatorWinsEndsAndKeepsWhatWasSaved() throws {
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
      configuration.steps = 480

      func goOn(noGuard: Bool) throws -> TrainingRun.Outcome {
        let directory = try RunDirectory(resuming: folder)
        configuration.noGuard = noGuard
        configuration.tuning = nil
        configuration.dataFingerprint = try directory.readConfiguration().dataFingerprint
        let run = try TrainingRun(resuming: directory, as: configuration, dataset: dataset, on: backend)
        // As if it had been ahead for long.
        run.state.watch = watch(Array(repeating: (0.326, 0.0002, 9, 1e-6), count: 60))
        return try run.train { false }
      }
      let last = RunDirectory(opening: folder).last
      let error = #expect(throws: RunError.self) { try goOn(noGuard: false) }
      guard case .discriminatorWon(440, 1000, folder.path, let best?) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(FileManager.default.fileExists(atPath: best))
      #expect(error?.description.contains("--no-guard") == true)
      #expect(try Checkpoint(reading: last).metadata["step"] == "400")
      #expect(try goOn(noGuard: true) == .finished)
    }
  }
}
