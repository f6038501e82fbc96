/// A photograph with its own lightness at full resolution, and the colors that a network predicted for a small copy of
/// it.
///
/// L* is the photograph's; where a color of that lightness is outside the gamut of sRGB, its chroma is reduced. The
/// result is computed row by row while it is written, so that no second image is held in memory.
public struct ColoredPhotograph: Sendable, WritableImage {
  let photograph: Photograph
  private let chroma: GuidedChroma
  private let source: ColorRows
  /// Whether all chroma is zero. The result is then gray: in sRGB of equal red, green and
  /// blue, without errors of rounding.
  private let isGray: Bool

  /// - Parameters:
  ///   - chroma: The network's output, possibly scaled.
  ///   - small: The photograph at the size of `chroma`.
  public init(_ photograph: Photograph, chroma: ChromaPlane, small: RGBImage) {
    self.photograph = photograph
    self.chroma = GuidedChroma(chroma, guide: small, width: photograph.width, height: photograph.height)
    source = ColorRows(photograph)
    isGray = chroma.isGray
  }

  /// Returns remarks for the user about a file of the format: one line each, without the file's name.
  public func remarks(as format: ImageFormat) -> [String] {
    let lost = photograph.metadata.held(within: format.codec.encoder?.metadataLimits ?? [:]).lost
    let profile = "a \(format.name) file cannot hold its color profile; the colored picture is sRGB"
    return (RowEncoding(photograph, format).losesProfile ? [profile] : [])
      + lost.map { "its \($0.rawValue) data are not written to a \(format.name) file" }
  }

  /// Writes an image file. Errors call it `name`.
  ///
  /// The file has the RGB profile of the photograph, and is sRGB where that has none. A PNG or TIFF file has the
  /// photograph's alpha and bits per sample; a WebP file has its alpha and 8 bits; a JPEG file is composited on white
  /// and has 8 bits. All have its metadata, as far as the format holds them.
  public func write(
    to output: any ImageOutput, as format: ImageFormat, quality: Int = ImageFormat.defaultQuality,
    compression: Compression = Compression(), name: String
  ) throws(ImageError) {
    let encoding = RowEncoding(photograph, format)
    let encoder = try ImageEncoder(
      format, quality: quality, compression: compression, encoding.layout, output: output, name: name)
    try forEachPart(encoding) { rows, count throws(ImageError) in try encoder.write(rows, count: count) }
    try encoder.finish()
  }

  /// The colored picture as 8-bit sRGB, on white where the photograph is transparent: what `write` writes for a
  /// photograph without a color profile, before a format's own losses.
  public var rgbImage: RGBImage {
    let encoding = RowEncoding(sRGB: photograph)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoding.layout.rowByteCount * photograph.height)
    forEachPart(encoding) { rows, _ in bytes += rows }
    return RGBImage(width: photograph.width, height: photograph.height, bytes: bytes)
  }

  /// Computes the rows of the result on all cores.
  /// - Parameter body: Called with the bytes of several rows and their number, from the top to the bottom.
  private func forEachPart<Failure>(
    _ encoding: RowEncoding, _ body: (_ rows: UnsafeRawBufferPointer, _ count: Int) throws(Failure) -> Void
  ) throws(Failure) {
    let layout = encoding.layout
    // A few MiB of rows at a time: enough for all cores, and little compared with the photograph.
    let rowCount = max(1, min(layout.height, (4 << 20) / layout.rowByteCount))
    let rows = UnsafeMutableRawBufferPointer.allocate(byteCount: rowCount * layout.rowByteCount, alignment: 16)
    defer { rows.deallocate() }
    for first in stride(from: 0, to: layout.height, by: rowCount) {
      let count = min(rowCount, layout.height - first)
      // Every row is written by one thread only.
      nonisolated(unsafe) let target = rows
      Parallel.forEach(count) { index in
        let bytes = target[index * layout.rowByteCount..<(index + 1) * layout.rowByteCount]
        write(row: first + index, encoding, into: UnsafeMutableRawBufferPointer(rebasing: bytes))
      }
      try body(UnsafeRawBufferPointer(rebasing: rows[..<(count * layout.rowByteCount)]), count)
    }
  }

  private func write(row y: Int, _ encoding: RowEncoding, into bytes: UnsafeMutableRawBufferPointer) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * photograph.width) { colors in
      color(row: y, into: colors)
      encoding.encode(colors, y, into: bytes)
    }
  }

  /// Computes the colors of row `y` in linear light: `[width, 3]` in 0...1.
  func color(row y: Int, into colors: UnsafeMutableBufferPointer<Float>) {
    source.readLinear(y, into: colors)
    chroma.forEachPixel(ofRow: y) { x, chromaAt in
      let first = 3 * x
      let own = SIMD3(colors[first], colors[first + 1], colors[first + 2])
      if isGray {
        let luminance = min(max(CIELAB.luminance(own), 0), 1)
        for channel in first..<first + 3 { colors[channel] = luminance }
        return
      }
      let lightness = CIELAB.lightness(ofLinear: own)
      let chroma = chromaAt(lightness)
      let color = CIELAB(lightness: lightness, a: chroma.x, b: chroma.y).linearInGamut
      colors[first] = color.x
      colors[first + 1] = color.y
      colors[first + 2] = color.z
    }
  }
}
