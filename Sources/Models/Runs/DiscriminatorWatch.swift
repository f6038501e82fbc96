/// Watches a GAN for a discriminator that has won: one that tells every coloring from its photograph, surely and for long,
/// while the colors come no closer to the photographs'. Its gradients then teach the generator nothing, and training does
/// not come back from that by itself. A discriminator that is far ahead while the colors still get better, as in the first
/// epochs of most runs, has not won.
///
/// Reads the losses' means over every few steps: `d_real`, cross-entropy against 0.9 and so never below its entropy of 0.325;
/// `d_fake`, against 0; `g_adversarial`, the generator's, against 1, through the discriminator just updated; and `g_l1`.
struct DiscriminatorWatch: Codable, Equatable, Sendable {
  /// The discriminator has won when it has led for so many steps on end without the colors coming closer.
  static let stepLimit = 1000
  /// It leads where the mean chance that it gives a coloring to be a photograph is below one in two hundred, …
  static let largestFakeLoss = 0.005
  /// … also after its next update (e⁻⁵ is about as much), …
  static let smallestGeneratorLoss = 5.0
  /// … and photographs are known for sure as well: their loss is close to the least there is.
  static let largestRealLoss = 0.35
  /// The colors come closer where their distance falls by at least one in a hundred.
  static let progress = 0.99

  /// Steps on end in which the discriminator has led and the colors came no closer.
  private(set) var ledSteps = 0
  /// Least distance of the colors since it took the lead.
  private var leastDistance: Double?

  var hasWon: Bool { ledSteps >= Self.stepLimit }

  /// - Parameters:
  ///   - losses: means over `steps` steps, by name.
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
      ledSteps = 0
    }
    ledSteps += steps
  }
}
