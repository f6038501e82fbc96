import Foundation
import Runtime

extension Reference {
  /// Philox 4×32-10 (Salmon et al. 2011): four random words for each counter.
  public static func philox(
    counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let first = UInt64(c0) * 0xd251_1f53
      let second = UInt64(c2) * 0xcd9e_8d57
      (c0, c1, c2, c3) = (
        UInt32(second >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: second),
        UInt32(first >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: first)
      )
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return (c0, c1, c2, c3)
  }

  /// Element i takes word i mod 4 of the block with counter (i / 4, 0, stream low, stream high) and key (seed low, seed
  /// high). Uniform: (word >> 8) · 2⁻²⁴, scaled. Normal: Box and Muller on the words in pairs, u₁ = ((word >> 8) + 1) ·
  /// 2⁻²⁴, u₂ = (word >> 8) · 2⁻²⁴: √(−2 ln u₁) · cos 2πu₂, then sin.
  public static func randomFill(_ shape: Shape, _ distribution: Distribution, seed: UInt64, stream: UInt64)
    -> ReferenceTensor
  {
    var output = ReferenceTensor(shape)
    for block in 0..<(shape.count + 3) / 4 {
      let words = philox(
        counter: (
          UInt32(block), 0, UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
        ),
        key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
      let units = [words.0, words.1, words.2, words.3].map { Double($0 >> 8) * 0x1p-24 }
      for (lane, value) in values(units, distribution).enumerated() where 4 * block + lane < shape.count {
        output[4 * block + lane] = value
      }
    }
    return output
  }

  private static func values(_ units: [Double], _ distribution: Distribution) -> [Double] {
    switch distribution {
    case .uniform(let low, let high):
      return units.map { Double(low) + (Double(high) - Double(low)) * $0 }
    case .normal(let mean, let deviation):
      return [0, 2].flatMap { first in
        let radius = sqrt(-2 * log(units[first] + 0x1p-24))
        let angle = 2 * Double.pi * units[first + 1]
        return [cos(angle), sin(angle)].map { Double(mean) + Double(deviation) * radius * $0 }
      }
    }
  }
}

extension RandomFill: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[output] = Reference.randomFill(output.shape, distribution, seed: seed, stream: stream)
  }
}

extension KernelCases {
  static func randomFill(_ size: CaseSize) -> [KernelCase] {
    let large: UInt64 = 0x1234_5678_9abc_def0
    let unit = Distribution.uniform(low: 0, high: 1)
    let range = Distribution.uniform(low: -0.3, high: 0.2)
    let normal = Distribution.normal(mean: 0, deviation: 1)
    switch size {
    case .smallest:
      return [unit, range, normal].map { randomFill(7, $0, seed: large, stream: 3) }
    case .awkward:
      let distributions = [unit, range, normal, .normal(mean: 1, deviation: 0.02)]
      return distributions.flatMap { distribution in
        [
          randomFill(1, distribution, seed: 0, stream: 0), randomFill(3, distribution, seed: 1, stream: 2),
          randomFill(17, distribution, seed: large, stream: large &* 3),
          randomFill(1026, distribution, seed: 1, stream: 1 << 32),
          randomFill(70_001, distribution, seed: 1 << 40, stream: 9),
          randomFill(133, distribution, seed: 7, stream: 5, .flat(before: 3, after: 1)),
        ]
      }
    case .trainingStep: return [randomFill(parameterCount, normal, seed: 1, stream: 0)]
    }
  }

  /// Uniform numbers on [0, 1) are whole multiples of 2⁻²⁴, which a float holds: no error is allowed there.
  private static func randomFill(
    _ count: Int, _ distribution: Distribution, seed: UInt64, stream: UInt64, _ placement: Placement = .dense
  ) -> KernelCase {
    let label = KernelCase.label(
      "\(count)", distribution.label, "seed \(seed)", "stream \(stream)", placement.label)
    let isExact = distribution == .uniform(low: 0, high: 1)
    return KernelCase(
      RandomFill.name, .forward, label, tolerance: isExact ? 0 : KernelCase.defaultTolerance
    ) { tensors in
      RandomFill(
        output: tensors.output("output", Shape(vector: count), placement), distribution: distribution, seed: seed,
        stream: stream)
    }
  }
}

extension Distribution {
  /// For a case's label.
  fileprivate var label: String {
    switch self {
    case .uniform(let low, let high): "uniform on [\(low), \(high))"
    case .normal(let mean, let deviation): "normal \(mean) ± \(deviation)"
    }
  }
}
