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
}
