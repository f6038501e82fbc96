import Files
import Foundation
import TestSupport
import Testing

@testable import Imaging

@Suite("Image files")
struct CodecTests {
  @Test("The vectors are complete", arguments: [("codecs.json", 20), ("photographs.json", 25)])
  func vectorsAreComplete(document: String, count: Int) throws {
    #expect(try Vectors.names(in: document).count >= count)
  }

  @Test("Pixels are those of Pillow", arguments: try Vectors.names(in: "codecs.json"))
  func pixelsAreThoseOfPillow(name: String) throws {
    try Vectors.expectPixels(of: "codecs/\(name)", as: name, in: "codecs.json")
  }

  @Test("Written images are read back")
  func writtenImagesAreReadBack() throws {
    let folder = try TemporaryFolder()
    let image = RGBImage(width: 7, height: 5, bytes: (0..<105).map { UInt8($0 * 73 % 256) })
    try image.writePNG(to: "\(folder.path)/image.png")
    #expect(try RGBImage(contentsOf: "\(folder.path)/image.png") == image)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["image.png"])
  }

  @Test("Contents and not names decide the format")
  func contentsAndNotNamesDecideTheFormat() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/photograph.png"
    try FileManager.default.copyItem(atPath: "\(Vectors.folder)/codecs/baseline.jpg", toPath: path)
    #expect(try RGBImage(contentsOf: path).width == 14)
  }

  @Test("Files that are no images are named")
  func filesThatAreNoImagesAreNamed() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/notes.png"
    #expect(
      throws: ImageError.file(FileError(path: path, problem: "cannot be read", reason: "No such file or directory"))
    ) {
      try RGBImage(contentsOf: path)
    }
    for contents in [[], [0xFF], Array("hello".utf8), [UInt8](repeating: 0, count: 5000)] {
      try AtomicFile.write(contents, to: path)
      #expect(throws: ImageError.unknownFormat(path: path)) { try RGBImage(contentsOf: path) }
    }
    #expect(throws: ImageError.file(FileError(path: folder.path, problem: "cannot be read", reason: "it is a folder")))
    {
      try RGBImage(contentsOf: folder.path)
    }
  }

  @Test(
    "Truncated files are errors",
    arguments: ["rgb.png", "interlaced.png", "palette.png", "baseline.jpg", "progressive.jpg", "cmyk.jpg"])
  func truncatedFilesAreErrors(name: String) throws {
    let whole = try readFile("\(Vectors.folder)/codecs/\(name)")
    // The last chunk of a PNG file, two checksums before it, and the end mark of a JPEG file hold no pixels.
    DamagedFiles.expectErrors(
      of: whole, named: name, cutTo: 0..<whole.count - (name.hasSuffix("png") ? 24 : 2))
  }

  @Test(
    "Damaged files are safe",
    arguments: [
      "rgb.png", "rgba.png", "gray16.png", "baseline.jpg", "progressive.jpg", "cmyk.jpg", "orientation_6.jpg",
    ])
  func damagedFilesAreSafe(name: String) throws {
    DamagedFiles.expectSafety(of: try readFile("\(Vectors.folder)/codecs/\(name)"), named: name)
  }

  @Test("Huge images are refused before allocation")
  func hugeImagesAreRefusedBeforeAllocation() throws {
    let png = PNGFile(width: 60_000, height: 60_000, colorType: 2)
    #expect(throws: ImageError.tooLarge(path: "huge.png", width: 60_000, height: 60_000, limit: 1 << 27)) {
      try RGBImage(encoded: png.bytes(rows: [[1, 2, 3, 4]]), name: "huge.png")
    }
    // The frame header of a JPEG: FF C0, length, precision, height, width.
    var jpeg = try readFile("\(Vectors.folder)/codecs/baseline.jpg")
    let start = jpeg.indices.first { index in jpeg[index] == 0xFF && jpeg[index + 1] == 0xC0 }
    let frame = try #require(start)
    for index in 5...8 { jpeg[frame + index] = 0xF0 }
    #expect(throws: ImageError.tooLarge(path: "huge.jpg", width: 0xF0F0, height: 0xF0F0, limit: 1 << 27)) {
      try RGBImage(encoded: jpeg, name: "huge.jpg")
    }
  }

  @Test("Chunks that claim more than the file holds are refused", arguments: ["eXIf", "iCCP"])
  func chunksThatClaimMoreThanTheFileHoldsAreRefused(kind: String) throws {
    let content = [0x49, 0x49, 42, 0] + [UInt8](repeating: 0, count: 240)
    let file = PNGFile(
      width: 4, height: 4, colorType: 2, extra: PNGFile.number(1_400_000_000) + Array(kind.utf8) + content)
    #expect(throws: ImageError.damaged(path: "claim.png", format: "PNG", reason: "the file ends too early")) {
      try RGBImage(encoded: file.bytes(rows: []), name: "claim.png")
    }
  }

  @Test("Long sides are refused before allocation")
  func longSidesAreRefusedBeforeAllocation() throws {
    func peak() -> Int {
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss << 10
    }
    // One row would take 800 MB.
    let file = PNGFile(width: 100_000_000, height: 1, bitDepth: 16, colorType: 6)
    let before = peak()
    #expect(throws: ImageError.badSize(path: "wide.png", reason: "a side has more than 1000000 pixels")) {
      try RGBImage(encoded: file.bytes(rows: []), name: "wide.png")
    }
    #expect(peak() - before < 100 << 20)
  }

  @Test("Unknown versions of JFIF are read")
  func unknownVersionsOfJFIFAreRead() throws {
    var bytes = try readFile("\(Vectors.folder)/codecs/baseline.jpg")
    let image = try RGBImage(encoded: bytes, name: "first")
    let mark = Array("JFIF\0".utf8)
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: mark) })
    bytes[start + mark.count] = 2
    #expect(try RGBImage(encoded: bytes, name: "second") == image)
  }

  @Test("Too many samples are refused")
  func tooManySamplesAreRefused() throws {
    // One directory: tag, type (3: 16 bits, 4: 32 bits), count, value.
    let samples = 1200
    let entries: [(Int, Int, Int, Int)] = [
      (256, 4, 1, 8), (257, 4, 1, 8), (258, 3, samples, 200), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
      (277, 3, 1, samples), (278, 4, 1, 8), (279, 4, 1, 64 * samples),
    ]
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var bytes: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + number(entries.count, 2)
    for (tag, type, count, value) in entries {
      bytes += number(tag, 2) + number(type, 2) + number(count, 4) + number(value, 4)
    }
    bytes += [UInt8](repeating: 0, count: 200 - bytes.count)
    for _ in 0..<samples { bytes += [8, 0] }
    #expect(
      throws: ImageError.damaged(
        path: "deep.tif", format: "TIFF", reason: "it has 1200 samples a pixel, and at most 12 are read")
    ) {
      try RGBImage(encoded: bytes, name: "deep.tif")
    }
  }

  @Test("Unwritable files are named")
  func unwritableFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    let image = RGBImage(width: 1, height: 1, color: .white)
    let path = "\(folder.path)/missing/image.png"
    #expect(
      throws: ImageError.file(FileError(path: path, problem: "cannot be written", reason: "No such file or directory"))
    ) {
      try image.writePNG(to: path)
    }
  }
}
