import Files
import Foundation
import TestSupport
import Testing

@testable import Imaging

/// Files that end too early, or in another way than they should.
@Suite("Incomplete image files")
struct IncompleteFilesTests {
  private func file(_ path: String) throws -> [UInt8] { try readFile("\(Vectors.folder)/\(path)") }

  /// Returns a JPEG file of many rows.
  private func jpeg() throws -> (image: RGBImage, bytes: [UInt8]) {
    let image = RGBImage(
      width: 48, height: 160, bytes: (0..<3 * 48 * 160).map { UInt8(truncatingIfNeeded: $0 * $0 / 611) })
    let output = MemoryOutput()
    try image.write(to: output, as: .jpeg, name: "test")
    return (try RGBImage(encoded: output.bytes, name: "whole"), output.bytes)
  }

  private func expectWhole(_ bytes: [UInt8], _ pixels: RGBImage, _ name: String) throws {
    let photograph = try Photograph(encoded: bytes, name: name)
    #expect(photograph.rgbImage == pixels, "\(name)")
    #expect(photograph.remarks == ["its end is missing, but none of its pixels"], "\(name)")
  }

  @Test(
    "Pixels without the end of their file are accepted with a remark",
    arguments: [
      ("codecs/rgb.png", 12), ("codecs/interlaced.png", 12), ("codecs/palette.png", 16), ("codecs/gray16.png", 5),
      ("codecs/baseline.jpg", 2), ("codecs/progressive.jpg", 2), ("codecs/cmyk.jpg", 1),
      // The EXIF data behind the pixels, and the second frame.
      ("photographs/orientation_6.webp", 4), ("photographs/animated.webp", 300),
    ])
  func pixelsWithoutTheEndOfTheirFileAreAccepted(path: String, missing: Int) throws {
    let whole = try file(path)
    let photograph = try Photograph(encoded: whole.dropLast(missing), name: path)
    #expect(photograph.remarks.contains("its end is missing, but none of its pixels"), "\(photograph.remarks)")
    #expect(!(try Photograph(encoded: whole, name: path).remarks.contains { $0.contains("its end") }))
    // The orientation is behind the pixels of a WebP file.
    if !path.contains("orientation") { #expect(try photograph.rgbImage == RGBImage(encoded: whole, name: path)) }
  }

  @Test("Foreign bytes in place of a JPEG file's end mark are accepted with a remark")
  func foreignBytesInPlaceOfTheEndMarkAreAccepted() throws {
    let (image, bytes) = try jpeg()
    let pixels = Array(bytes.dropLast(2))
    try expectWhole(pixels + [0, 0] + Array("SEFT".utf8) + [1, 2, 3], image, "appended")
    // Another picture, as some cameras append it.
    try expectWhole(pixels + bytes, image, "two pictures")
    let behind = try Photograph(encoded: bytes + Array("SEFT".utf8) + bytes, name: "behind the end mark")
    #expect(behind.remarks.isEmpty && behind.rgbImage == image)
  }

  @Test("A JPEG file that is cut in the middle is read as far as it goes")
  func cutJPEGFilesAreReadAsFarAsTheyGo() throws {
    let (image, bytes) = try jpeg()
    let cut = Array(bytes[..<(bytes.count / 2)])
    #expect { try Photograph(encoded: cut, name: "cut") } throws: { error in
      guard case ImageError.incomplete(path: "cut", format: "JPEG", found: _) = error else { return false }
      return "\(error)".hasPrefix("cut: the JPEG image ends too early: only the first ")
    }
    let part = try Photograph(encoded: cut, name: "cut", isPartAccepted: true)
    #expect(part.width == 48 && part.height >= 48 && part.height < 112)
    #expect(part.remarks == ["it ends too early: only the first \(part.height) of 160 rows are there"])
    // The last row is interpolated with missing ones where chroma is subsampled.
    let count = 3 * 48 * (part.height - 1)
    #expect(part.rgbImage.bytes.prefix(count) == image.bytes.prefix(count))
  }

  @Test(
    "The rows before a cut are those of the whole file",
    arguments: [
      "codecs/rgb.png", "codecs/palette.png", "codecs/gray16.png", "photographs/rgb.tif", "photographs/rgb16.tif",
      "photographs/lossless.webp", "photographs/lossy.webp", "photographs/alpha.webp",
    ])
  func rowsBeforeACutAreThoseOfTheWholeFile(path: String) throws {
    let whole = try file(path)
    let image = try RGBImage(encoded: whole, name: path)
    var heights: Set<Int> = []
    for length in 0..<whole.count {
      let cut = Array(whole[..<length])
      guard let part = try? Photograph(encoded: cut, name: path, isPartAccepted: true) else { continue }
      heights.insert(part.height)
      #expect(part.rgbImage.bytes == Array(image.bytes.prefix(3 * image.width * part.height)), "\(path) at \(length)")
      if part.height < image.height {
        #expect(throws: ImageError.self) { try Photograph(encoded: cut, name: path) }
      }
    }
    #expect(heights.contains { $0 < image.height }, "\(path)")
  }

  @Test("Interlaced and progressive files that are cut lack detail", arguments: ["interlaced.png", "progressive.jpg"])
  func interlacedAndProgressiveFilesThatAreCutLackDetail(name: String) throws {
    let whole = try file("codecs/\(name)")
    let height = try RGBImage(encoded: whole, name: name).height
    let parts = (0..<whole.count - 24).compactMap { length in
      try? Photograph(encoded: Array(whole[..<length]), name: name, isPartAccepted: true)
    }
    let coarse = parts.filter { $0.height == height }
    #expect(!coarse.isEmpty)
    for part in coarse { #expect(part.remarks == ["it ends too early: all rows are there, in less detail"]) }
  }
}
