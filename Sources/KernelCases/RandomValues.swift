import Runtime

/// Numbers for the inputs of cases: SplitMix64 (Steele, Lea and Flood 2014), the same on every run and machine.
struct RandomValues: RandomNumberGenerator {
  private var state: UInt64

  /// FNV-1a of `text` is the seed, so that each case has numbers of its own whatever runs before it.
  init(seed text: String) {
    state = text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Floats, uniform on `range`.
  mutating func floats(_ shape: Shape, in range: ClosedRange<Double> = -1...1) -> HostTensor {
    let width = range.upperBound - range.lowerBound
    return HostTensor(
      shape,
      (0..<shape.count).map { _ in
        Double(Float(range.lowerBound + width * Double(next() >> 11) * 0x1p-53))
      })
  }

  /// Whole numbers of `range`: sums of their products are exact in float, in whatever order they are added.
  mutating func integers(_ shape: Shape, in range: ClosedRange<Int> = -3...3) -> HostTensor {
    HostTensor(
      shape,
      (0..<shape.count).map { _ in Double(range.lowerBound + Int(next() >> 33) % range.count) })
  }
}
