import Runtime

/// Which numbers a method is tried on.
enum TuningValues: CaseIterable {
  /// Small whole numbers: sums of their products are exact in float, in whatever order they are added.
  case wholeNumbers
  /// Uniform on -1 to 1.
  case fractions

  /// So many numbers that no shape repeats them in step: a prime.
  private static let period = 65_521
  private static let words: [UInt32] = {
    var random = Philox(seed: 1, stream: 0)
    return (0..<period).map { _ in random.nextWord() }
  }()

  /// Largest product sum that float counts to without a gap.
  private static let exactLimit = 1 << 24

  /// - Parameters:
  ///   - first: where in the numbers to begin, so that tensors differ.
  ///   - terms: products in a sum, for whole numbers that are not too large.
  func numbers(_ count: Int, first: Int, terms: Int) -> [Float] {
    let largest: UInt32 = terms * 9 < Self.exactLimit ? 3 : 1
    let table = Self.words.map { word -> Float in
      switch self {
      case .wholeNumbers: Float(Int(word >> 8) % Int(2 * largest + 1) - Int(largest))
      case .fractions: Float(word >> 8) * 0x1p-23 - 1
      }
    }
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      var place = first % Self.period
      for index in 0..<count {
        buffer[index] = table[place]
        place = place + 1 == Self.period ? 0 : place + 1
      }
      filled = count
    }
  }
}
