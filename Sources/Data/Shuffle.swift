import Runtime

/// The random orders that a training run goes through. Each is a function of the run's seed alone, so that a run that is
/// taken up again, on any device, goes on with the same batches.
public enum Shuffle {
  /// Numbers of the streams that belong to this file, told apart from those of initial weights by their upper half.
  private static let epochStream: UInt64 = 0x7368_7566 << 32
  private static let splitStream: UInt64 = 0x7370_6C74 << 32
  private static let flipStream: UInt64 = 0x666C_6970 << 32

  /// `indices` in the order in which epoch number `epoch` visits them.
  public static func order(of indices: [UInt32], epoch: Int, seed: UInt64) -> [UInt32] {
    var random = Philox(seed: seed, stream: epochStream | UInt64(UInt32(truncatingIfNeeded: epoch)))
    return random.nextPermutation(of: indices.count).map { indices[Int($0)] }
  }

  /// Which images of an order are flipped horizontally in epoch number `epoch`: half of them, drawn one after the other.
  public static func horizontalFlips(count: Int, epoch: Int, seed: UInt64) -> [Bool] {
    var random = Philox(seed: seed, stream: flipStream | UInt64(UInt32(truncatingIfNeeded: epoch)))
    return (0..<count).map { _ in random.nextWord() & 1 == 1 }
  }

  /// The numbers 0..<count in the order from which training and validation images are taken.
  static func splitOrder(count: Int, seed: UInt64) -> [UInt32] {
    var random = Philox(seed: seed, stream: splitStream)
    return random.nextPermutation(of: count)
  }
}
