import Testing

@testable import Imaging

@Suite("Writing TIFF files")
struct TIFFWriterTests {
  /// EXIF data of one entry, whose order of bytes becomes the file's.
  private func exif(isLittleEndian: Bool) -> [UInt8] {
    let make = Array("Box\0".utf8)
    return isLittleEndian
      ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x0F, 1, 2, 0, 4, 0, 0, 0] + make + [0, 0, 0, 0]
      : [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x0F, 0, 2, 0, 0, 0, 4] + make + [0, 0, 0, 0]
  }

  // Rows of one strip, and of several: those of the last width are longer than a strip.
  @Test(
    "Samples of 8 bits are kept, with alpha and without", arguments: [(1, 1), (7, 301), (640, 411), (100_003, 3)],
    [false, true])
  func samplesOf8Bits(size: (Int, Int), hasAlpha: Bool) throws {
    let (width, height) = size
    let layout = ImageEncoder.Layout(width: width, height: height, hasAlpha: hasAlpha)
    let samples = (0..<layout.rowByteCount * height).map { UInt8(truncatingIfNeeded: $0 / 5 &* ($0 % 7)) }
    let photograph = try Photograph(
      encoded: ImageEncoder.file(.tiff, samples, layout, rowsAtATime: 57), name: "test.tif")
    #expect(photograph.width == width && photograph.height == height && photograph.hasAlpha == hasAlpha)
    #expect(photograph.bitsPerSample == 8 && photograph.profile == nil && photograph.remarks.isEmpty)
    #expect(photograph.raster.samples == samples)
  }

  @Test("Samples of 16 bits are kept, in both orders of bytes", arguments: [true, false], [false, true])
  func samplesOf16Bits(isLittleEndian: Bool, hasAlpha: Bool) throws {
    let layout = ImageEncoder.Layout(
      width: 331, height: 207, hasAlpha: hasAlpha, bytesPerSample: 2,
      metadata: PictureMetadata(exif: exif(isLittleEndian: isLittleEndian)))
    let samples = (0..<layout.rowByteCount / 2 * 207).map { UInt16(truncatingIfNeeded: $0 &* 40_503) }
    let bytes = try ImageEncoder.file(.tiff, samples, layout, rowsAtATime: 20)
    #expect(Array(bytes.prefix(2)) == Array((isLittleEndian ? "II" : "MM").utf8))
    let photograph = try Photograph(encoded: bytes, name: "test.tif")
    #expect(photograph.bitsPerSample == 16 && photograph.hasAlpha == hasAlpha)
    #expect(photograph.raster.words == samples)
  }

  @Test("A colored picture of 16 bits stays one, with its alpha")
  func coloredPicture() throws {
    let rows = (0..<12).map { y in
      (0..<16).flatMap { x -> [UInt8] in
        let gray = UInt8(10 * x + 5 * y)
        return [gray, 9, gray, 9, gray, 9, UInt8(255 - x), UInt8(y)]
      }
    }
    let source = PNGFile(width: 16, height: 12, bitDepth: 16, colorType: 6)
    let photograph = try Photograph(encoded: source.bytes(rows: rows), name: "source")
    let chroma = ChromaPlane(colors: [Float](repeating: 0.5, count: 3 * 16), width: 4, height: 4)
    let colored = ColoredPhotograph(photograph, chroma: chroma, small: photograph.resized(width: 4, height: 4))
    let (tiff, png) = (MemoryOutput(), MemoryOutput())
    try colored.write(to: tiff, as: .tiff, name: "colored")
    try colored.write(to: png, as: .png, name: "colored")
    let (found, expected) = (
      try Photograph(encoded: tiff.bytes, name: "tiff"), try Photograph(encoded: png.bytes, name: "png")
    )
    #expect(found.bitsPerSample == 16 && found.hasAlpha)
    #expect(found.raster.samples == expected.raster.samples)
  }

  @Test("A file that could have more than 4 GiB is refused")
  func largeFiles() throws {
    for (width, height, bytes) in [(65_536, 16_384, 2), (1_000_000, 1_500, 1)] {
      let layout = ImageEncoder.Layout(width: width, height: height, hasAlpha: bytes == 2, bytesPerSample: bytes)
      #expect(
        throws: ImageError.notEncoded(
          path: "large.tif", format: "TIFF", reason: "it can have at most 4 GiB before its compression")
      ) {
        try ImageEncoder(.tiff, layout, output: MemoryOutput(), name: "large.tif")
      }
    }
    _ = try ImageEncoder(.tiff, .init(width: 65_536, height: 16_384), output: MemoryOutput(), name: "large.tif")
  }
}
