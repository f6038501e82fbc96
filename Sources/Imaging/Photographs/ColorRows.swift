/// The rows of a photograph as colors, converted from its file's color space.
struct ColorRows: Sendable {
  private let raster: Raster
  /// Nil for sRGB, for gray with sRGB's transfer function, and for CMYK without a profile.
  private let toLinear: ColorTransform?

  init(_ photograph: Photograph) {
    raster = photograph.raster
    // The library reads as many samples per pixel as the profile has channels: a profile of another color model would
    // make it read beyond the row.
    let profile = photograph.profile.flatMap { $0.color == photograph.raster.color ? $0 : nil }
    toLinear = profile.flatMap { $0.isSRGB ? nil : ColorTransform(toLinear: $0) }
  }

  /// Reads row `y` in linear light with sRGB's primaries: `[width, 3]` of red, green and blue, in 0...1 unless outside
  /// the gamut of sRGB. Alpha is ignored.
  func readLinear(_ y: Int, into row: UnsafeMutableBufferPointer<Float>) {
    if raster.bytesPerSample == 1 {
      readLinear(raster.bytes(ofRow: y), SRGB.linearOfBytes, into: row)
    } else {
      readLinear(raster.words(ofRow: y), SRGB.linearOfWords, into: row)
    }
  }

  /// Reads row `y` in sRGB, composited on white: `[width, 3]` of red, green and blue in 0...255.
  func readEncodedOnWhite(_ y: Int, into row: UnsafeMutableBufferPointer<Float>) {
    if raster.bytesPerSample == 1 {
      readEncodedOnWhite(raster.bytes(ofRow: y), y, into: row)
    } else {
      readEncodedOnWhite(raster.words(ofRow: y), y, into: row)
    }
  }

  private func readLinear<Sample: FixedWidthInteger>(
    _ samples: UnsafeBufferPointer<Sample>, _ table: [Float], into row: UnsafeMutableBufferPointer<Float>
  ) {
    if let toLinear {
      let count = raster.color.rawValue
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count * raster.width) { source in
        let scale = (raster.color == .cmyk ? 100 : 1) / Float(Sample.max)
        for x in 0..<raster.width {
          for channel in 0..<count {
            source[x * count + channel] = Float(samples[x * raster.sampleCount + channel]) * scale
          }
        }
        toLinear.apply(UnsafeBufferPointer(source), row, count: raster.width)
      }
      return
    }
    table.withUnsafeBufferPointer { table in
      let step = raster.sampleCount
      switch raster.color {
      case .gray:
        for x in 0..<raster.width {
          let value = table[Int(samples[x * step])]
          for channel in 0..<3 { row[3 * x + channel] = value }
        }
      case .rgb:
        for x in 0..<raster.width {
          for channel in 0..<3 { row[3 * x + channel] = table[Int(samples[x * step + channel])] }
        }
      case .cmyk:
        for x in 0..<raster.width {
          for channel in 0..<3 {
            row[3 * x + channel] = SRGB.linear(Self.light(samples, x * step, channel))
          }
        }
      }
    }
  }

  /// Returns a channel of sRGB, in 0...1, for CMYK without a profile: (1 − ink) · (1 − black).
  private static func light<Sample: FixedWidthInteger>(
    _ samples: UnsafeBufferPointer<Sample>, _ pixel: Int, _ channel: Int
  ) -> Float {
    let highest = Float(Sample.max)
    return (highest - Float(samples[pixel + channel])) * (highest - Float(samples[pixel + 3])) / (highest * highest)
  }

  private func readEncodedOnWhite<Sample: FixedWidthInteger>(
    _ samples: UnsafeBufferPointer<Sample>, _ y: Int, into row: UnsafeMutableBufferPointer<Float>
  ) {
    let step = raster.sampleCount
    let scale = 255 / Float(Sample.max)
    if toLinear != nil {
      readLinear(y, into: row)
      for index in 0..<row.count { row[index] = 255 * SRGB.encoded(min(max(row[index], 0), 1)) }
    } else if raster.color == .cmyk {
      for x in 0..<raster.width {
        for channel in 0..<3 { row[3 * x + channel] = 255 * Self.light(samples, x * step, channel) }
      }
    } else {
      let next = raster.color == .rgb ? 1 : 0
      for x in 0..<raster.width {
        for channel in 0..<3 { row[3 * x + channel] = Float(samples[x * step + channel * next]) * scale }
      }
    }
    guard raster.hasAlpha else { return }
    for x in 0..<raster.width {
      let alpha = Float(samples[x * step + step - 1]) / Float(Sample.max)
      for channel in 0..<3 { row[3 * x + channel] = 255 + alpha * (row[3 * x + channel] - 255) }
    }
  }
}
