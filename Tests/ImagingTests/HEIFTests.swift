import Files
import TestSupport
import Testing

@testable import Imaging

/// HEIC and AVIF files, which Scripts/make_photograph_vectors.py writes.
@Suite(
  "HEIC and AVIF files",
  .enabled(
    if: ImageFormat.heic.reasonForNotReading == nil && ImageFormat.avif.reasonForNotReading == nil,
    "libheif is missing, or its decoder of HEVC or AV1"))
struct HEIFTests {
  private static let folder = "\(Vectors.folder)/heif"

  private func photograph(_ name: String) throws -> Photograph {
    try Photograph(contentsOf: "\(Self.folder)/\(name)")
  }

  @Test("Pixels are those that were encoded", arguments: try Vectors.names(in: "heif.json"))
  func pixelsAreThoseThatWereEncoded(name: String) throws {
    try Vectors.expectPixels(of: "heif/\(name)", as: name, in: "heif.json")
  }

  @Test("Bits and alpha are kept")
  func bitsAndAlphaAreKept() throws {
    for kind in ["heic", "avif"] {
      let plain = try photograph("lossless.\(kind)")
      #expect(plain.bitsPerSample == 8 && !plain.hasAlpha && plain.remarks.isEmpty)
      #expect(try photograph("alpha.\(kind)").hasAlpha)
      #expect(try photograph("bits12.\(kind)").bitsPerSample == 16)
    }
    // Of 10 bits, white is white.
    let wide = try photograph("bits10.heic")
    #expect(wide.bitsPerSample == 16)
    let highest = (0..<wide.height).flatMap { Array(wide.raster.words(ofRow: $0)) }.max() ?? 0
    // The brightest sample of the picture is 230 of 255.
    #expect(abs(Int(highest) - 230 * 257) < 128)
  }

  @Test("The container's turn is applied, and the EXIF data's orientation is not")
  func turns() throws {
    let turned = try photograph("turned.avif")
    #expect(turned.width == 20 && turned.height == 18)
    // The sides in its EXIF data are exchanged as well.
    let exif = try #require(EXIFData(turned.metadata.exif))
    let pointer = try #require(exif.firstDirectory.flatMap { exif.entry(0x8769, in: $0) })
    let directory = try #require(exif.number(at: pointer + 8, byteCount: 4))
    let width = try #require(exif.entry(0xA002, in: directory))
    #expect([2, 4].contains { exif.number(at: width + 8, byteCount: $0) == 20 })
    for kind in ["heic", "avif"] {
      let photograph = try photograph("metadata.\(kind)")
      #expect(photograph.width == 18 && photograph.height == 20)
      let data = try #require(EXIFData(photograph.metadata.exif))
      #expect(data.orientation == .upright)
      let make = try #require(data.firstDirectory.flatMap { data.entry(0x010F, in: $0) })
      #expect(data.bytes[(make + 8)...].starts(with: Array("Box".utf8)))
      #expect(String(decoding: photograph.metadata.xmp, as: UTF8.self).contains("tiff:Orientation=\"1\""))
    }
  }

  @Test("Brightness for HDR displays is remarked, and a profile of gray is applied")
  func colorSpaces() throws {
    #expect(try photograph("hdr.avif").remarks.first?.contains("HDR") == true)
    for name in ["p3.avif", "bt2020.avif"] {
      let photograph = try photograph(name)
      #expect(photograph.remarks.isEmpty && photograph.profile?.bytes.isEmpty == true, "\(name)")
    }
    let gray = try photograph("gray_profile.avif")
    #expect(gray.profile?.color == .gray && gray.remarks.isEmpty)
  }

  @Test("Contents decide, whatever the name is, and pixels are counted before they are decoded")
  func limits() throws {
    let bytes = try readFile("\(Self.folder)/lossless.heic")
    #expect(try Photograph(encoded: bytes, name: "photo.jpg").width == 18)
    #expect(throws: ImageError.tooLarge(path: "photo.heic", width: 18, height: 20, limit: 359)) {
      try Photograph(encoded: bytes, name: "photo.heic", pixelLimit: 359)
    }
    // A size in the container that is not that of the pixels.
    var other = try readFile("\(Self.folder)/p3.avif")
    let mark = Array("ispe".utf8) + [0, 0, 0, 0, 0, 0, 0, 18]
    let start = try #require(other.indices.first { other[$0...].starts(with: mark) })
    other[start + mark.count - 1] = 20
    #expect {
      try Photograph(encoded: other, name: "photo.avif")
    } throws: {
      "\($0)".contains("its pixels have another size than its header says")
    }
  }

  @Test("Truncated files are errors", arguments: ["lossless.heic", "lossless.avif", "alpha.avif"])
  func truncatedFilesAreErrors(name: String) throws {
    let whole = try readFile("\(Self.folder)/\(name)")
    DamagedFiles.expectErrors(
      of: whole, named: name, cutTo: stride(from: 0, to: whole.count, by: 3), isPartAccepted: true)
  }

  @Test("Damaged files are safe", arguments: ["alpha.heic", "metadata.heic", "turned.avif", "gray_profile.avif"])
  func damagedFilesAreSafe(name: String) throws {
    let whole = try readFile("\(Self.folder)/\(name)")
    // Most of a file are pixels, of which some are damaged.
    DamagedFiles.expectSafety(
      of: whole, named: name, at: whole.indices.filter { $0 < 700 || $0 % 23 == 0 }, values: { [0x00, 0xFF, $0 ^ 1] })
  }
}
