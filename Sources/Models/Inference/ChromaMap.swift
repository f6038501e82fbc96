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
            for channel in 0..<3 {
              let upper = mix(values, row.low * width, column, channel)
              let lower = mix(values, row.high * width, column, channel)
              let chroma = upper + (lower - upper) * row.fraction
              let level = gray + 255 * chroma
              // Not `max`, which lets through what is no number.
              bytes[pixel + channel] = level > 0 ? UInt8(min(level, 255).rounded()) : 0
            }
          }
        }
      }
    }
    return RGBImage(width: photograph.width, height: photograph.height, bytes: bytes)
  }

  private func mix(_ values: UnsafeBufferPointer<Float>, _ row: Int, _ column: Sample, _ channel: Int) -> Float {
    let left = values[(row + column.low) * 3 + channel]
    let right = values[(row + column.high) * 3 + channel]
    return left + (right - left) * column.fraction
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
