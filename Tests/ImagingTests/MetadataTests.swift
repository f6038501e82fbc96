import Testing

@testable import Imaging

@Suite("Metadata of photographs")
struct MetadataTests {
  /// EXIF data with an orientation, a camera, a date, the sides 40 × 24, and a directory of a thumbnail.
  private func exif(orientation: Int, isLittleEndian: Bool = true) -> [UInt8] {
    func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
      let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isLittleEndian ? bytes : bytes.reversed()
    }
    func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
      number(tag, 2) + number(type, 2) + number(count, 4) + value + [UInt8](repeating: 0, count: 4 - value.count)
    }
    let (outer, inner) = (8 + 2 + 3 * 12 + 4, 2 + 3 * 12 + 4)
    let date = Array("1987:06:05 04:03:02\0".utf8)
    var bytes: [UInt8] = isLittleEndian ? [0x49, 0x49, 42, 0] : [0x4D, 0x4D, 0, 42]
    bytes += number(8, 4) + number(3, 2)
    bytes += entry(0x010F, 2, 4, Array("Box\0".utf8))
    bytes += entry(0x0112, 3, 1, number(orientation, 2))
    bytes += entry(0x8769, 4, 1, number(outer, 4))
    bytes += number(outer + inner, 4)
    bytes += number(3, 2)
    bytes += entry(0x9003, 2, date.count, number(outer + inner, 4))
    bytes += entry(0xA002, 3, 1, number(40, 2))
    bytes += entry(0xA003, 4, 1, number(24, 4))
    return bytes + number(0, 4) + date
  }

  private func xmp(orientation: Int) -> [UInt8] {
    Array("<rdf:Description tiff:Orientation=\"\(orientation)\" dc:title=\"Ärger\"/>".utf8)
  }

  private let records: [UInt8] = [0x1C, 2, 5, 0, 3] + Array("Cat".utf8)

  private func metadata(orientation: Int) -> PictureMetadata {
    PictureMetadata(
      exif: exif(orientation: orientation), xmp: xmp(orientation: orientation), iptc: records,
      resolution: PictureMetadata.Resolution(x: 300, y: 150))
  }

  /// Returns a file of 40 × 24 pixels.
  private func file(_ format: ImageFormat, _ metadata: PictureMetadata) throws -> [UInt8] {
    let output = MemoryOutput()
    let layout = ImageEncoder.Layout(width: 40, height: 24, metadata: metadata)
    let encoder = try ImageEncoder(format, layout, output: output, name: "test")
    try [UInt8](repeating: 90, count: 3 * 40 * 24).withUnsafeBytes { try encoder.write($0, count: 24) }
    try encoder.finish()
    return output.bytes
  }

  private func colored(_ photograph: Photograph) -> ColoredPhotograph {
    let gray = ChromaPlane(colors: [Float](repeating: 0.5, count: 3 * 256), width: 16, height: 16)
    return ColoredPhotograph(photograph, chroma: gray, small: photograph.resized(width: 16, height: 16))
  }

  /// Returns EXIF data as a TIFF file holds them: what describes the photograph, without the rest.
  private func described(_ exif: [UInt8]?) -> [UInt8]? { exif.flatMap { EXIFData(tiffFile: $0)?.bytes } }

  @Test(
    "Colored pictures keep EXIF, XMP, IPTC and the resolution, upright", arguments: ImageFormat.writable,
    ImageFormat.writable)
  func coloredPicturesKeepMetadata(source: ImageFormat, target: ImageFormat) throws {
    let photograph = try Photograph(encoded: file(source, metadata(orientation: 6)), name: "source")
    // The tags of a TIFF file say themselves that it is upright.
    let isTurned = source != .tiff
    let (width, height) = isTurned ? (24, 40) : (40, 24)
    #expect(photograph.width == width && photograph.height == height)
    let output = MemoryOutput()
    try colored(photograph).write(to: output, as: target, name: "colored")
    let result = try Photograph(encoded: output.bytes, name: "colored")
    #expect(result.width == width && result.height == height)
    let found = result.metadata
    let upright = EXIFData(exif(orientation: 6))?.upright(exchangesSides: isTurned).bytes
    if source == .tiff || target == .tiff {
      #expect(described(found.exif) == described(upright))
      #expect(EXIFData(found.exif)?.orientation ?? .upright == .upright)
    } else {
      #expect(EXIFData(found.exif)?.orientation == .upright)
      #expect(found.exif == upright)
    }
    #expect(found.xmp == xmp(orientation: 1))
    // WebP files state no resolution.
    if source == .webp || target == .webp {
      #expect(found.resolution == nil)
    } else {
      let resolution = try #require(found.resolution)
      let expected = isTurned ? (150.0, 300.0) : (300.0, 150.0)
      #expect(abs(resolution.x - expected.0) < 0.1 && abs(resolution.y - expected.1) < 0.1)
    }
    // PNG and WebP files hold no IPTC records.
    let holding: [ImageFormat] = [.jpeg, .tiff]
    #expect(found.iptc == (holding.contains(source) && holding.contains(target) ? records : []))
    var lost: [String] = []
    if holding.contains(source), !holding.contains(target) { lost.append("IPTC") }
    if source != .webp, target == .webp { lost.append("resolution") }
    #expect(
      colored(photograph).remarks(as: target)
        == lost.map { "its \($0) data are not written to a \(target.name) file" })
  }

  @Test("Descriptions of every kind and length are tags of a TIFF file")
  func descriptions() throws {
    func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
      (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    // Description, make, model, software, date, artist, copyright: without a zero at their ends, empty, and long.
    let texts = ["A picture", "ab", "", "x", "1987:06:05 04:03:02", String(repeating: "é", count: 300), "2026"]
    let tags = [0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298]
    var (head, data) = ([0x49, 0x49, 42, 0, 8, 0, 0, 0] + number(tags.count, 2), [UInt8]())
    let start = head.count + 12 * tags.count + 4
    for (tag, text) in zip(tags, texts) {
      let bytes = Array(text.utf8)
      head += number(tag, 2) + number(2, 2) + number(max(1, bytes.count), 4)
      if bytes.count <= 4 {
        head += bytes + [UInt8](repeating: 0, count: 4 - bytes.count)
      } else {
        head += number(start + data.count, 4)
        data += bytes
      }
    }
    let exif = head + number(0, 4) + data
    let photograph = try Photograph(encoded: file(.tiff, PictureMetadata(exif: exif)), name: "test.tif")
    let found = try #require(EXIFData(photograph.metadata.exif))
    let directory = try #require(found.firstDirectory)
    for (tag, text) in zip(tags, texts) {
      let entry = try #require(found.entry(tag, in: directory), "\(tag)")
      let count = try #require(found.number(at: entry + 4, byteCount: 4))
      let place = count <= 4 ? entry + 8 : try #require(found.number(at: entry + 8, byteCount: 4))
      #expect(found.bytes[place...].starts(with: Array(text.utf8)) && count == text.utf8.count + 1, "\(text)")
    }
  }

  @Test("The resolution is that of the EXIF data where the file states none", arguments: [2, 3])
  func resolutionInEXIF(unit: UInt8) throws {
    // A directory of XResolution, YResolution and the unit, and the ratios 600/2 and 150/1.
    let exif: [UInt8] =
      [0x49, 0x49, 42, 0, 8, 0, 0, 0, 3, 0]
      + [0x1A, 1, 5, 0, 1, 0, 0, 0, 50, 0, 0, 0, 0x1B, 1, 5, 0, 1, 0, 0, 0, 58, 0, 0, 0]
      + [0x28, 1, 3, 0, 1, 0, 0, 0, unit, 0, 0, 0, 0, 0, 0, 0]
      + [0x58, 2, 0, 0, 2, 0, 0, 0, 150, 0, 0, 0, 1, 0, 0, 0]
    let scale = unit == 2 ? 1 : 2.54
    let stated = PictureMetadata(exif: exif)
    let resolution = try #require(stated.upright(from: .upright).resolution)
    #expect(resolution == PictureMetadata.Resolution(x: 300 * scale, y: 150 * scale))
    #expect(stated.upright(from: .quarterTurn).resolution?.x == 150 * scale)
    let other = PictureMetadata.Resolution(x: 72, y: 72)
    #expect(PictureMetadata(exif: exif, resolution: other).upright(from: .upright).resolution == other)
    // It is not lost with a format that holds EXIF data alone.
    let metadata = stated.upright(from: .upright)
    #expect(metadata.held(within: [.exif: 100]).lost.isEmpty)
    #expect(metadata.held(within: [.exif: 100]).metadata.resolution == nil)
    #expect(metadata.held(within: [:]).lost == [.exif, .resolution])
    #expect(metadata.held(within: [.resolution: 1]).metadata.resolution == resolution)
    let photograph = try Photograph(encoded: file(.webp, stated), name: "test.webp")
    let output = MemoryOutput()
    try colored(photograph).write(to: output, as: .tiff, name: "colored")
    let found = try #require(try Photograph(encoded: output.bytes, name: "colored").metadata.resolution)
    #expect(abs(found.x - 300 * scale) < 0.01 && abs(found.y - 150 * scale) < 0.01)
  }

  @Test("Only the orientation, the thumbnail and the sides of EXIF data change", arguments: [true, false])
  func uprightEXIF(isLittleEndian: Bool) throws {
    let data = try #require(EXIFData(exif(orientation: 8, isLittleEndian: isLittleEndian)))
    #expect(data.orientation == .threeQuarterTurn)
    let upright = data.upright(exchangesSides: false)
    #expect(upright.orientation == .upright && upright.bytes.count == data.bytes.count)
    let changed = upright.bytes.indices.filter { upright.bytes[$0] != data.bytes[$0] }
    // A byte of the orientation, and the offset of the thumbnail's directory.
    #expect(changed.count == 2)
    let turned = data.upright(exchangesSides: true)
    let expected = try #require(EXIFData(exif(orientation: 1, isLittleEndian: isLittleEndian)))
    #expect(turned.upright(exchangesSides: true) == expected.upright(exchangesSides: false))
    #expect(turned != upright)
  }

  @Test("What a TIFF file states about the photograph becomes EXIF data", arguments: [true, false])
  func tiffFiles(isLittleEndian: Bool) throws {
    let file = exif(orientation: 6, isLittleEndian: isLittleEndian)
    let data = try #require(EXIFData(tiffFile: file))
    // The orientation is the pixels'.
    #expect(data.orientation == nil && data.isLittleEndian == isLittleEndian)
    let first = try #require(data.firstDirectory)
    let make = try #require(data.entry(0x010F, in: first))
    #expect(data.bytes[(make + 8)...].starts(with: Array("Box".utf8)))
    let inner = try #require(data.entry(0x8769, in: first).flatMap { data.number(at: $0 + 8, byteCount: 4) })
    let date = try #require(data.entry(0x9003, in: inner).flatMap { data.number(at: $0 + 8, byteCount: 4) })
    #expect(data.bytes[date...].starts(with: Array("1987:06:05".utf8)))
    #expect(data.entry(0xA002, in: inner) != nil)
    for index in file.indices {
      for value: UInt8 in [0x00, 0x7F, 0xFF, file[index] ^ 1] {
        var damaged = file
        damaged[index] = value
        if let result = EXIFData(tiffFile: damaged) { #expect(result.bytes.count < 1 << 17) }
      }
    }
    let picture = try Photograph(encoded: TIFFFile(bits: 8, samples: 3, photometric: 2).bytes, name: "test.tif")
    let output = MemoryOutput()
    try colored(picture).write(to: output, as: .jpeg, name: "colored")
    let found = try #require(EXIFData(try Photograph(encoded: output.bytes, name: "colored").metadata.exif))
    #expect(found.firstDirectory.flatMap { found.entry(0x010F, in: $0) } != nil)
  }

  @Test("EXIF data behind a PNG file's pixels are read")
  func exifBehindPixels() throws {
    let whole = PNGFile(width: 2, height: 3, colorType: 0).bytes(rows: [[1, 2], [3, 4], [5, 6]])
    let end = PNGFile.chunk("IEND", [])
    let bytes = whole.dropLast(end.count) + PNGFile.chunk("eXIf", exif(orientation: 6)) + end
    let photograph = try Photograph(encoded: Array(bytes), name: "test.png")
    #expect(photograph.width == 3 && photograph.height == 2)
    #expect(EXIFData(photograph.metadata.exif)?.firstDirectory != nil)
  }

  @Test("Damaged EXIF data are safe")
  func damagedEXIF() {
    let whole = exif(orientation: 6)
    for index in whole.indices {
      for value: UInt8 in [0x00, 0x7F, 0xFF, whole[index] ^ 1] {
        var damaged = whole
        damaged[index] = value
        let result = EXIFData(damaged)?.upright(exchangesSides: true)
        #expect(result == nil || result?.bytes.count == whole.count)
      }
      let cut = EXIFData(whole[..<index])?.upright(exchangesSides: true)
      #expect(cut == nil || cut?.bytes.count == index)
    }
    #expect(PictureMetadata(exif: [1, 2, 3]).upright(from: .upright).exif.isEmpty)
  }

  @Test("IPTC records are found among Photoshop's resources")
  func photoshopResources() {
    let other: [UInt8] = Array("8BIM".utf8) + [0x03, 0xED, 2, 0x41, 0x42, 0, 0, 0, 0, 3, 7, 8, 9, 0]
    let bytes = other + PhotoshopResources.resource(ofIPTC: records)
    #expect(PhotoshopResources.iptcRecords(in: bytes) == records)
    #expect(PhotoshopResources.iptcRecords(in: other).isEmpty)
    for length in bytes.indices { #expect(PhotoshopResources.iptcRecords(in: Array(bytes[..<length])).isEmpty) }
  }

  @Test("Parts that a file cannot hold are left out with a remark")
  func largePartsAreLeftOut() throws {
    let large = PictureMetadata(xmp: [UInt8](repeating: 0x20, count: 70_000))
    let photograph = try Photograph(encoded: file(.png, large), name: "large")
    #expect(photograph.metadata == large)
    #expect(colored(photograph).remarks(as: .jpeg) == ["its XMP data are not written to a JPEG file"])
    #expect(colored(photograph).remarks(as: .png).isEmpty)
    let output = MemoryOutput()
    try colored(photograph).write(to: output, as: .jpeg, name: "colored")
    #expect(try Photograph(encoded: output.bytes, name: "colored").metadata.xmp.isEmpty)
  }
}
