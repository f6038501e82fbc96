/// The bytes of sRGB for linear light, by a table: those of `(255 * SRGB.encoded(light)).rounded()` without its power.
///
/// The byte of light grows by steps. The transfer function is nowhere steeper than 12.92, so two steps are at least
/// 1/(255 · 12.92) apart, and a bucket of 1/4096 holds one at most. Where it is was found by the function itself, hence
/// all bytes are the same.
struct SRGBBytes: Sendable {
  private static let bucketCount = 4096

  /// For each bucket the byte at its beginning; the last is of the light 1 alone.
  private let bytes: [UInt8]
  /// For each bucket the least light of the next byte, which may be beyond its end.
  private let steps: [Float]

  static let table = SRGBBytes()

  private init() {
    let starts = (1...UInt8.max).map(Self.leastLight)
    bytes = (0...Self.bucketCount).map { Self.computed(Float($0) / Float(Self.bucketCount)) }
    steps = bytes.map { $0 < UInt8.max ? starts[Int($0)] : .infinity }
  }

  private static func computed(_ light: Float) -> UInt8 { UInt8((255 * SRGB.encoded(light)).rounded()) }

  /// Returns the least light in 0...1 of a byte of at least 1: the numbers of positive floats are in their order.
  private static func leastLight(of byte: UInt8) -> Float {
    var (below, start) = (Float(0).bitPattern, Float(1).bitPattern)
    while start - below > 1 {
      let middle = below + (start - below) / 2
      if computed(Float(bitPattern: middle)) < byte { below = middle } else { start = middle }
    }
    return Float(bitPattern: start)
  }

  /// The table without the checks of arrays, valid inside `withLookup`.
  struct Lookup {
    fileprivate let bytes: UnsafePointer<UInt8>
    fileprivate let steps: UnsafePointer<Float>

    /// Returns the byte of linear light, which is clamped to 0...1; NaN gives 0.
    @inline(__always)
    subscript(light: Float) -> UInt8 {
      guard light > 0, light < 1 else { return light > 0 ? .max : 0 }
      let bucket = Int(Int32(light * Float(SRGBBytes.bucketCount)))
      return light < steps[bucket] ? bytes[bucket] : bytes[bucket] &+ 1
    }
  }

  @inline(__always)
  func withLookup(_ body: (Lookup) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      steps.withUnsafeBufferPointer { steps in
        guard let bytes = bytes.baseAddress, let steps = steps.baseAddress else { return }
        body(Lookup(bytes: bytes, steps: steps))
      }
    }
  }
}
