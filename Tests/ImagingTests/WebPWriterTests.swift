import Testing

@testable import Imaging

@Suite("Writing WebP files")
struct WebPWriterTests {
  /// Returns a smooth picture of samples, [height, width, 3 or 4].
  private func samples(_ layout: ImageEncoder.Layout) -> [UInt8] {
    let count = layout.hasAlpha ? 4 : 3
    return (0..<layout.height * layout.width * count).map { index in
      let (pixel, channel) = (index / count, index % count)
      let (x, y) = (pixel % layout.width, pixel / layout.width)
      let level = x * (channel + 1) + 2 * y * (4 - channel)
      return UInt8(level / 4 % 256)
    }
  }

  private func file(
    _ layout: ImageEncoder.Layout, quality: Int, _ samples: [UInt8]? = nil, rowsAtATime: Int = 7
  ) throws -> [UInt8] {
    try ImageEncoder.file(.webp, samples ?? self.samples(layout), layout, quality: quality, rowsAtATime: rowsAtATime)
  }

  private static let sizes = [(1, 1), (2, 17), (33, 16), (40, 47), (301, 64)]

  @Test(
    "A picture of the quality 100 keeps every sample, also under transparent pixels", arguments: sizes, [false, true])
  func lossless(size: (Int, Int), hasAlpha: Bool) throws {
    let layout = ImageEncoder.Layout(width: size.0, height: size.1, hasAlpha: hasAlpha)
    let samples = samples(layout)
    let photograph = try Photograph(encoded: file(layout, quality: 100, samples), name: "test.webp")
    // Alpha of which all is opaque is left out.
    let expected =
      photograph.hasAlpha || !hasAlpha ? samples : samples.indices.filter { $0 % 4 < 3 }.map { samples[$0] }
    #expect(photograph.raster.samples == expected)
    #expect(photograph.width == size.0 && photograph.height == size.1 && photograph.profile == nil)
  }

  @Test("A lower quality keeps alpha, and colors nearly", arguments: sizes, [false, true])
  func lossy(size: (Int, Int), hasAlpha: Bool) throws {
    let layout = ImageEncoder.Layout(width: size.0, height: size.1, hasAlpha: hasAlpha)
    // Opaque, but for the last row, so that the colors count.
    let samples = samples(layout).enumerated().map { index, sample in
      hasAlpha && index % 4 == 3 ? (index / 4 / size.0 < size.1 - 1 ? 255 : UInt8(100 + index % 100)) : sample
    }
    let photograph = try Photograph(encoded: file(layout, quality: 90, samples), name: "test.webp")
    #expect(photograph.hasAlpha == hasAlpha)
    let found = photograph.raster.samples
    let differences = zip(found, samples).enumerated().filter { !hasAlpha || $0.offset % 4 < 3 }
      .map { abs(Int($0.element.0) - Int($0.element.1)) }
    #expect(differences.reduce(0, +) <= 4 * differences.count)
    if hasAlpha {
      for index in stride(from: 3, to: found.count, by: 4) { #expect(found[index] == samples[index]) }
    }
  }

  @Test("Rows may come in parts of any size, and a lower quality makes a smaller file")
  func parts() throws {
    let layout = ImageEncoder.Layout(width: 61, height: 83)
    let whole = try file(layout, quality: 80, rowsAtATime: 83)
    for count in [1, 2, 15, 16, 17, 40] { #expect(try file(layout, quality: 80, rowsAtATime: count) == whole) }
    #expect(try file(layout, quality: 20).count < whole.count)
    #expect(try whole.count < file(layout, quality: 99).count)
  }

  @Test("A picture of 16 bits becomes one of 8 bits, with its alpha")
  func sixteenBits() throws {
    let row = (0..<16).flatMap { x -> [UInt8] in
      let gray = UInt8(16 * x)
      return [gray, 200, gray, 200, gray, 200, UInt8(255 - 17 * x), 0]
    }
    let source = PNGFile(width: 16, height: 2, bitDepth: 16, colorType: 6)
    let photograph = try Photograph(encoded: source.bytes(rows: [row, row]), name: "source")
    let chroma = ChromaPlane(colors: [Float](repeating: 0.5, count: 12), width: 2, height: 2)
    let colored = ColoredPhotograph(photograph, chroma: chroma, small: photograph.resized(width: 2, height: 2))
    let output = MemoryOutput()
    try colored.write(to: output, as: .webp, quality: 100, name: "colored")
    let found = try Photograph(encoded: output.bytes, name: "colored")
    #expect(found.bitsPerSample == 8 && found.hasAlpha)
    for x in 0..<16 {
      let pixel = Array(found.raster.bytes(ofRow: 1)[4 * x..<4 * x + 4])
      // 16-bit alpha of the high byte a and the low byte 0.
      let alpha = (Double(255 - 17 * x) * 256 / 65_535 * 255).rounded()
      #expect(abs(Int(pixel[0]) - 16 * x) <= 1 && Int(pixel[3]) == Int(alpha), "\(x): \(pixel)")
    }
  }

  @Test("Sides beyond the format's limit are refused in a line")
  func longSides() throws {
    #expect(
      throws: ImageError.notEncoded(
        path: "long.webp", format: "WebP", reason: "it can have at most 16383 pixels a side")
    ) {
      try ImageEncoder(.webp, .init(width: 16_384, height: 1), output: MemoryOutput(), name: "long.webp")
    }
    let layout = ImageEncoder.Layout(width: 16_383, height: 1)
    #expect(try Photograph(encoded: file(layout, quality: 50), name: "long.webp").width == 16_383)
  }
}
