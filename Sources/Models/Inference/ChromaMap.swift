import Imaging

/// How far each color of an image is from the mean of the three, at a resolution of its own.
struct ChromaMap {
  /// `[height, width, 3]`, in −1...1.
  private let values: [Float]
  private let width: Int
  private let height: Int

  /// - Parameter colors: `[height, width, 3]` in 0...1.
  init(colors: [Float], width: Int, height: Int) {
    var values = colors
    for pixel in stride(from: 0, to: values.count, by: 3) {
      let mean = (colors[pixel] + colors[pixel + 1] + colors[pixel + 2]) / 3
      for channel in 0..<3 { values[pixel + channel] -= mean }
    }
    self.values = values
    self.width = width
    self.height = height
  }

  /// The gray copy of `photograph` with these chromas on it, scaled bilinearly to its size.
  ///
  /// A chroma that would leave 0...255 is made weaker, not clipped, so that the mean of the three colors stays the gray's.
  func applied(to photograph: RGBImage) -> RGBImage {
    let columns = Self.samples(from: width, to: photograph.width)
    let rows = Self.samples(from: height, to: photograph.height)
    var bytes = photograph.bytes
    bytes.withUnsafeMutableBufferPointer { bytes in
      values.withUnsafeBufferPointer { values in
        for (y, row) in rows.enumerated() {
          for (x, column) in columns.enumerated() {
            let pixel = (y * photograph.width + x) * 3
            let gray = (Float(bytes[pixel]) + Float(bytes[pixel + 1]) + Float(bytes[pixel + 2])) / 3
            let chroma = 255 * chroma(values, row, column)
            let strength = Self.strength(of: chroma, on: gray)
            for channel in 0..<3 {
              let level = gray + strength * chroma[channel]
              // Not `max`, which lets through what is no number.
              bytes[pixel + channel] = level > 0 ? UInt8(min(level, 255).rounded()) : 0
            }
          }
        }
      }
    }
    return RGBImage(width: photograph.width, height: photograph.height, bytes: bytes)
  }

  /// The largest factor, at most 1, by which every channel of `gray + factor · chroma` stays in 0...255.
  private static func strength(of chroma: SIMD3<Float>, on gray: Float) -> Float {
    var strength: Float = 1
    for channel in 0..<3 {
      if chroma[channel] > 0 { strength = min(strength, (255 - gray) / chroma[channel]) }
      if chroma[channel] < 0 { strength = min(strength, -gray / chroma[channel]) }
    }
    return strength
  }

  /// The chroma between four neighbours.
  private func chroma(_ values: UnsafeBufferPointer<Float>, _ row: Sample, _ column: Sample) -> SIMD3<Float> {
    func value(_ y: Int, _ x: Int) -> SIMD3<Float> {
      let first = (y * width + x) * 3
      return SIMD3(values[first], values[first + 1], values[first + 2])
    }
    let upper = value(row.low, column.low) * (1 - column.fraction) + value(row.low, column.high) * column.fraction
    let lower = value(row.high, column.low) * (1 - column.fraction) + value(row.high, column.high) * column.fraction
    return upper * (1 - row.fraction) + lower * row.fraction
  }

  /// Two neighbours, and how far between them.
  private struct Sample {
    let low: Int
    let high: Int
    let fraction: Float
  }

  /// Where each of `target` pixels lies among `source` ones, centers at halves, edges clamped.
  private static func samples(from source: Int, to target: Int) -> [Sample] {
    (0..<target).map { index in
      let place = (Float(index) + 0.5) * Float(source) / Float(target) - 0.5
      let clamped = min(max(place, 0), Float(source - 1))
      let low = Int(clamped)
      return Sample(low: low, high: min(low + 1, source - 1), fraction: clamped - Float(low))
    }
  }
}
