import Testing

@testable import Imaging

@Suite("Formats that are not read")
struct UnreadFormatTests {
  @Test(
    "Files are named by their contents",
    arguments: [
      ("\0\0\0\u{18}ftypheic", "HEIC"), ("\0\0\0\u{20}ftypavif", "AVIF"), ("GIF89a\u{1}\0\u{1}\0\0\0", "GIF"),
      ("\0\0\0\u{C}JXL \r\n", "JPEG XL"),
    ])
  func filesAreNamedByTheirContents(start: String, format: String) {
    let bytes = Array(start.utf8) + [UInt8](repeating: 0, count: 100)
    #expect(throws: ImageError.unreadFormat(path: "photo.jpg", format: format)) {
      try Photograph(encoded: bytes, name: "photo.jpg")
    }
    #expect(ImageError.unreadFormat(path: "photo.jpg", format: format).description.contains(format))
  }

  @Test("No format is both read and not read")
  func formatsAreReadOrNot() {
    for format in ImageFormat.allCases {
      for ending in format.codec.fileExtensions { #expect(UnreadFormat(named: "a.\(ending)") == nil, "\(ending)") }
      for signature in format.codec.signatures { #expect(UnreadFormat(signature: signature.map { $0 ?? 0 }) == nil) }
    }
  }

  @Test("Pictures that are passed over are counted by format")
  func picturesArePassedOverByFormat() {
    var pictures = PassedOverPictures()
    for name in ["notes.txt", "paths.tsv", "heic", "a.png", "a.jfif", "a.JFIF", "b.bmp"] { pictures.count(named: name) }
    #expect(pictures.isEmpty)
    for name in ["a.HEIC", "b.avif", "c.heic"] { pictures.count(named: name) }
    pictures.countSpecial()
    #expect(pictures.description == "2 HEIC, 1 AVIF, 1 that are no ordinary files")
    #expect(pictures.remark(about: "scans").hasPrefix("scans: passed over"))
    for name in ["a.jfif", "a.JFIF", "b.bmp", "c.jpe"] { #expect(ImageFormat.isImage(named: name)) }
  }
}
