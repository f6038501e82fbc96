/// The conversion of rows of colors in linear light to the samples of an image file.
struct RowEncoding: Sendable {
  let layout: ImageEncoder.Layout
  private let photograph: Photograph
  /// The conversion to the photograph's own RGB space; nil for sRGB.
  private let fromLinear: ColorTransform?
  /// Whether the photograph is composited on white.
  private let isOnWhite: Bool
  /// Whether the photograph has a profile that a file of the format cannot hold.
  let losesProfile: Bool

  init(_ photograph: Photograph, _ format: ImageFormat) {
    self.photograph = photograph
    let own = photograph.profile.flatMap { $0.color == .rgb && !$0.bytes.isEmpty ? $0 : nil }
    let profile = own.flatMap { ImageEncoder.canHold($0.bytes, format) ? $0 : nil }
    losesProfile = own != nil && profile == nil
    let fromLinear = profile.flatMap { $0.isSRGB ? nil : ColorTransform(fromLinear: $0) }
    self.fromLinear = fromLinear
    var layout = ImageEncoder.Layout(width: photograph.width, height: photograph.height)
    if let profile, profile.isSRGB || fromLinear != nil { layout.profile = profile.bytes }
    layout.metadata = photograph.metadata
    if let encoder = format.codec.encoder {
      layout.hasAlpha = photograph.hasAlpha && encoder.holdsAlpha
      layout.bytesPerSample = min(photograph.raster.bytesPerSample, encoder.largestSample)
    }
    self.layout = layout
    isOnWhite = photograph.hasAlpha && !layout.hasAlpha
  }

  /// Creates the encoding of 8-bit sRGB, composited on white.
  init(sRGB photograph: Photograph) {
    self.photograph = photograph
    layout = ImageEncoder.Layout(width: photograph.width, height: photograph.height)
    fromLinear = nil
    isOnWhite = photograph.hasAlpha
    losesProfile = false
  }

  /// - Parameters:
  ///   - colors: `[width, 3]` in 0...1; overwritten.
  ///   - bytes: One row of the layout.
  func encode(
    _ colors: UnsafeMutableBufferPointer<Float>, _ y: Int, into bytes: UnsafeMutableRawBufferPointer
  ) {
    if layout.bytesPerSample == 1 {
      SRGBBytes.table.withLookup { lookup in
        encode(colors, y, SRGB.linearOfBytes, into: bytes.bindMemory(to: UInt8.self)) { lookup[$0] }
      }
    } else {
      encode(colors, y, SRGB.linearOfWords, into: bytes.bindMemory(to: UInt16.self)) { light in
        Self.sample(SRGB.encoded(light) * Float(UInt16.max))
      }
    }
  }

  /// - Parameters:
  ///   - table: The linear light of every sample of sRGB.
  ///   - encoded: Returns the sample of sRGB for linear light in 0...1.
  @inline(__always)
  private func encode<Sample: FixedWidthInteger>(
    _ colors: UnsafeMutableBufferPointer<Float>, _ y: Int, _ table: [Float],
    into samples: UnsafeMutableBufferPointer<Sample>, _ encoded: (_ light: Float) -> Sample
  ) {
    let step = layout.hasAlpha ? 4 : 3
    if let fromLinear {
      let highest = Float(Sample.max)
      fromLinear.apply(UnsafeBufferPointer(colors), colors, count: layout.width)
      for x in 0..<layout.width {
        for channel in 0..<3 { samples[x * step + channel] = Self.sample(colors[3 * x + channel] * highest) }
      }
    } else {
      table.withUnsafeBufferPointer { table in
        for x in 0..<layout.width {
          let color = SIMD3(colors[3 * x], colors[3 * x + 1], colors[3 * x + 2])
          let red = encoded(color.x)
          if color.x == color.y, color.y == color.z {
            for channel in 0..<3 { samples[x * step + channel] = red }
            continue
          }
          let blue = encoded(color.z)
          // Green, which contributes most to the luminance, compensates the rounding of red and blue.
          let rest = CIELAB.luminance(color) - CIELAB.luminance(SIMD3(table[Int(red)], 0, table[Int(blue)]))
          let green = rest / CIELAB.luminance(SIMD3(0, 1, 0))
          samples[x * step] = red
          samples[x * step + 1] = encoded(min(max(green, 0), 1))
          samples[x * step + 2] = blue
        }
      }
    }
    if layout.hasAlpha { copyAlpha(y, into: samples) }
    if isOnWhite { layOnWhite(y, samples) }
  }

  /// Returns the nearest sample, as `rounded()` and the checked conversion give it, which are calls of functions.
  @inline(__always)
  private static func sample<Sample: FixedWidthInteger>(_ value: Float) -> Sample {
    guard value > 0 else { return 0 }
    let bounded = min(value, Float(Sample.max))
    let whole = Int32(bounded)
    return Sample(truncatingIfNeeded: bounded - Float(whole) < 0.5 ? whole : whole + 1)
  }

  private func copyAlpha<Sample: FixedWidthInteger>(_ y: Int, into samples: UnsafeMutableBufferPointer<Sample>) {
    // A 16-bit picture may become one of 8 bits, and never the other way around.
    let (own, highest) = (photograph.bitsPerSample == 8 ? 255 : 65_535, Int(Sample.max))
    for x in 0..<layout.width {
      let alpha = alpha(x, y)
      samples[4 * x + 3] = Sample(truncatingIfNeeded: own == highest ? alpha : (alpha * highest + own / 2) / own)
    }
  }

  private func layOnWhite<Sample: FixedWidthInteger>(_ y: Int, _ samples: UnsafeMutableBufferPointer<Sample>) {
    let opaque = photograph.bitsPerSample == 8 ? Int(UInt8.max) : Int(UInt16.max)
    let white = Int(Sample.max)
    for x in 0..<layout.width {
      let alpha = alpha(x, y)
      for index in 3 * x..<3 * x + 3 {
        samples[index] = Sample(white - (alpha * (white - Int(samples[index])) + opaque / 2) / opaque)
      }
    }
  }

  /// Returns the alpha of a pixel as the photograph's file stores it.
  private func alpha(_ x: Int, _ y: Int) -> Int {
    let raster = photograph.raster
    let index = (x + 1) * raster.sampleCount - 1
    return raster.bytesPerSample == 1 ? Int(raster.bytes(ofRow: y)[index]) : Int(raster.words(ofRow: y)[index])
  }
}
