import Testing

@testable import Imaging

@Suite("Formats that are not read")
struct UnreadFormatTests {
  @Test(
    "Files are named by their contents",
    arguments: [
      ("\0\0\0\u{C}JXL \r\n", "JPEG XL"), ("8BPS\0\u{1}", "Photoshop"), ("%PDF-1.4", "PDF"),
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
    for name in ["notes.txt", "paths.tsv", "heic", "a.png", "a.jfif", "a.JFIF", "b.bmp", "c.gif"] {
      pictures.count(named: name)
    }
    #expect(pictures.isEmpty)
    for name in ["a.JXL", "b.psd", "c.jxl"] { pictures.count(named: name) }
    pictures.countSpecial()
    #expect(pictures.description == "2 JPEG XL, 1 Photoshop, 1 that are no ordinary files")
    #expect(pictures.remark(about: "scans") == "scans: passed over, because they are not read: \(pictures)")
    for name in ["a.jfif", "a.JFIF", "b.bmp", "c.jpe", "d.GIF"] { #expect(ImageFormat.isImage(named: name)) }
  }
}
