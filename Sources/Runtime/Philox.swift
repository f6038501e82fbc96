/// Philox 4×32-10 on the host: the counter-based random numbers of Salmon, Moraes, Dror and Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3" (SC 2011). `RandomFill` gives the same numbers on a device.
///
/// Word i of a sequence is word i mod 4 of the block with counter (i / 4, 0, stream low, stream high) and key
/// (seed low, seed high). A sequence is 2³⁴ words long.
public struct Philox: Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var block: SIMD4<UInt32> = .zero
  /// Words of `block` that have been returned.
  private var used = 4

  /// A sequence from its start. `stream` tells apart the uses of one seed.
  public init(seed: UInt64, stream: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(0, 0, UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
  }

  /// The ten rounds: 128 random bits for a counter and a key.
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var words = counter
    var key = key
    for _ in 0..<10 {
      let product0 = UInt64(words.x) * 0xD251_1F53
      let product1 = UInt64(words.z) * 0xCD9E_8D57
      words = SIMD4(
        UInt32(truncatingIfNeeded: product1 >> 32) ^ words.y ^ key.x, UInt32(truncatingIfNeeded: product1),
        UInt32(truncatingIfNeeded: product0 >> 32) ^ words.w ^ key.y, UInt32(truncatingIfNeeded: product0))
      key = key &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return words
  }

  /// The next 32 random bits.
  public mutating func nextWord() -> UInt32 {
    if used == 4 {
      block = Self.block(counter: counter, key: key)
      counter.x &+= 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }

  /// A whole number in 0..<bound, each as likely as the next (Lemire 2019). `bound` is at least 1.
  public mutating func nextInteger(below bound: UInt32) -> UInt32 {
    var product = UInt64(nextWord()) * UInt64(bound)
    if UInt32(truncatingIfNeeded: product) < bound {
      let threshold = (0 &- bound) % bound
      while UInt32(truncatingIfNeeded: product) < threshold { product = UInt64(nextWord()) * UInt64(bound) }
    }
    return UInt32(product >> 32)
  }

  /// A number in [0, 1), a multiple of 2⁻²⁴.
  public mutating func nextUniform() -> Float { Float(nextWord() >> 8) * 0x1p-24 }

  /// A number of `range`, evenly spread.
  public mutating func nextUniform(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * nextUniform()
  }

  /// The numbers 0..<count in random order: Fisher and Yates' shuffle. `count` is at most 2³² − 1.
  public mutating func nextPermutation(of count: Int) -> [UInt32] {
    var order = [UInt32](0..<UInt32(count))
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(nextInteger(below: UInt32(last + 1))))
    }
    return order
  }
}
