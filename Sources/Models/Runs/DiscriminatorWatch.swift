/// Detects in a GAN's losses that the discriminator overpowers the generator: it classifies every coloring correctly,
/// surely and for long, while the colors come no closer to the true ones. Its gradients then teach the generator
/// nothing, and training may not recover. A discriminator that dominates while the colors still improve, as in the first
/// epochs of most runs, does not overpower.
///
/// Reads the means of the losses over every few steps: `d_real`, cross-entropy against 0.9 and so never below its
/// entropy of 0.325; `d_fake`, against 0; `g_adversarial`, the generator's, against 1, through the discriminator just
/// updated; and `g_l1`.
struct DiscriminatorWatch: Codable, Equatable, Sendable {
  /// The discriminator overpowers after it has dominated for this many steps in a row while the colors came no closer.
  static let stepLimit = 1000
  /// Domination: `d_fake` is below this (the mean probability of a coloring to be real is below 0.5 %).
  static let largestFakeLoss = 0.005
  /// Domination: `g_adversarial` is above this (the probability is about as small, e⁻⁵, after the discriminator's
  /// update).
  static let smallestGeneratorLoss = 5.0
  /// Domination: `d_real` is below this, close to the smallest possible.
  static let largestRealLoss = 0.35
  /// The colors come closer where their distance falls by at least one in a hundred.
  static let progress = 0.99

  /// Steps in a row in which the discriminator has dominated and the colors came no closer.
  private(set) var dominatedSteps = 0
  /// Least distance of the colors since the discriminator began to dominate.
  private var leastDistance: Double?

  private enum CodingKeys: String, CodingKey {
    case dominatedSteps = "ledSteps"
    case leastDistance
  }

  /// Takes in the means of the losses over some steps, by name.
  mutating func observe(_ losses: [String: Double], steps: Int) {
    guard let real = losses["d_real"], let fake = losses["d_fake"], let generator = losses["g_adversarial"],
      let distance = losses["g_l1"]
    else { return }
    guard real < Self.largestRealLoss, fake < Self.largestFakeLoss, generator > Self.smallestGeneratorLoss else {
      self = DiscriminatorWatch()
      return
    }
    if leastDistance.map({ distance < Self.progress * $0 }) ?? true {
      leastDistance = distance
      dominatedSteps = 0
    }
    dominatedSteps += steps
  }
}
