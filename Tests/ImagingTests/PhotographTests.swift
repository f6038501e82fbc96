import Files
import Foundation
import TestSupport
import Testing

@testable import Imaging

@Suite("Photographs")
struct PhotographTests {
  private static let folder = "\(Vectors.folder)/photographs"

  @Test("Pixels are those of other readers", arguments: try Vectors.names(in: "photographs.json"))
  func pixelsAreThoseOfOtherReaders(name: String) throws {
    try Vectors.expectPixels(of: "photographs/\(name)", as: name, in: "photographs.json")
  }

  @Test("Bits and alpha are kept")
  func bitsAndAlphaAreKept() throws {
    #expect(try Photograph(contentsOf: "\(Self.folder)/gray16.tif").bitsPerSample == 16)
    #expect(try Photograph(contentsOf: "\(Self.folder)/rgb.tif").bitsPerSample == 8)
    #expect(try Photograph(contentsOf: "\(Self.folder)/alpha.webp").hasAlpha)
    #expect(try !Photograph(contentsOf: "\(Self.folder)/lossless.webp").hasAlpha)
    for name in ["alpha.tif", "premultiplied.tif"] {
      #expect(try Photograph(contentsOf: "\(Self.folder)/\(name)").hasAlpha)
    }
  }

  /// libtiff converts them to RGB with alpha.
  @Test(
    "TIFF files of other kinds of pixels have no alpha that they did not have",
    // Bits, samples, photometric interpretation: bilevel, four bits of gray, a palette, L*a*b*, YCbCr, RGB of 16 bits.
    arguments: [(1, 1, 0), (1, 1, 1), (4, 1, 1), (8, 1, 3), (8, 3, 8), (8, 3, 6), (16, 3, 2)])
  func convertedTIFFFilesHaveNoAlpha(bits: Int, samples: Int, photometric: Int) throws {
    let photograph = try Photograph(
      encoded: TIFFFile(bits: bits, samples: samples, photometric: photometric).bytes, name: "test.tif")
    #expect(!photograph.hasAlpha && photograph.width == 8 && photograph.height == 8)
  }

  @Test("Further pages are remarked", arguments: ["animated.webp", "animated.png", "animated.gif", "pages.tif"])
  func furtherPagesAreRemarked(name: String) throws {
    let remarks = try Photograph(contentsOf: "\(Self.folder)/\(name)").remarks
    #expect(remarks.count == 1)
    #expect(remarks.first?.contains("first of its 2") == true)
    #expect(try Photograph(contentsOf: "\(Self.folder)/rgb.tif").remarks.isEmpty)
  }

  @Test(
    "Truncated files are errors",
    arguments: ["lossless.webp", "lossy.webp", "alpha.webp", "rgb.tif", "tiled.tif", "planar.tif", "lzw.tif"])
  func truncatedFilesAreErrors(name: String) throws {
    let whole = try readFile("\(Self.folder)/\(name)")
    // The end of some files is not needed: padding behind the pixels or the directory.
    DamagedFiles.expectErrors(of: whole, named: name, cutTo: stride(from: 0, to: whole.count * 9 / 10, by: 7))
  }

  @Test(
    "Damaged files are safe",
    arguments: [
      "lossless.webp", "lossy.webp", "animated.webp", "rgb16.tif", "tiled.tif", "planar_tiled.tif", "lzw.tif",
      "jpeg.tif",
      "palette.tif", "premultiplied.tif", "cmyk.tif", "bigtiff.tif", "bitmap.tif", "animated.png",
    ])
  func damagedFilesAreSafe(name: String) throws {
    DamagedFiles.expectSafety(of: try readFile("\(Self.folder)/\(name)"), named: name)
  }

  @Test("Images beyond the limit are refused")
  func imagesBeyondTheLimitAreRefused() throws {
    #expect(throws: ImageError.tooLarge(path: "\(Self.folder)/rgb.tif", width: 18, height: 20, limit: 359)) {
      try Photograph(contentsOf: "\(Self.folder)/rgb.tif", pixelLimit: 359)
    }
    #expect(try Photograph(contentsOf: "\(Self.folder)/rgb.tif", pixelLimit: 360).width == 18)
  }

  @Test("Pipes are refused")
  func pipesAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/pipe.png"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(
      throws: ImageError.file(FileError(path: path, problem: "cannot be read", reason: "it is no ordinary file"))
    ) {
      try Photograph(contentsOf: path)
    }
  }

  @Test("Photographs are resized like images", arguments: [(18, 20), (5, 7), (1, 1), (40, 33), (16, 3)])
  func photographsAreResizedLikeImages(width: Int, height: Int) throws {
    let photograph = try Photograph(contentsOf: "\(Self.folder)/rgb.tif")
    let expected = photograph.rgbImage.resized(width: width, height: height)
    let found = photograph.resized(width: width, height: height)
    let difference = try #require(zip(found.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }.max())
    #expect(found.width == width && found.height == height && difference <= 1)
  }
}
