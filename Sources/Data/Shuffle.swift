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

  /// `order` with half of the images, drawn for epoch number `epoch`, turned left to right.
  public static func mirroring(_ order: [UInt32], epoch: Int, seed: UInt64) -> [UInt32] {
    var random = Philox(seed: seed, stream: flipStream | UInt64(UInt32(truncatingIfNeeded: epoch)))
    return order.map { random.nextWord() & 1 == 0 ? $0 : $0 | BatchGather.mirrored }
  }

  /// The numbers 0..<count in the order from which training and validation images are taken.
  static func splitOrder(count: Int, seed: UInt64) -> [UInt32] {
    var random = Philox(seed: seed, stream: splitStream)
    return random.nextPermutation(of: count)
  }
}
