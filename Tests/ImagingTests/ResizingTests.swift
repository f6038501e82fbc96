import Testing

@testable import Imaging

@Suite("Resizing")
struct ResizingTests {
  struct Document: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
      let width: Int
      let height: Int
      let bytes: HexBytes

      var testDescription: String { "\(width)×\(height)" }
    }
    let width: Int
    let height: Int
    let bytes: HexBytes
    let cases: [Case]
  }

  /// Pillow rounds to bytes between its two passes, so that values may differ by 1.
  @Test("Resized images are those of Pillow", arguments: try Vectors.load("resizing.json", as: Document.self).cases)
  func resizedImagesAreThoseOfPillow(expected: Document.Case) throws {
    let document: Document = try Vectors.load("resizing.json")
    let image = RGBImage(width: document.width, height: document.height, bytes: document.bytes.bytes)
    let result = image.resized(width: expected.width, height: expected.height)
    #expect(result.bytes.count == expected.bytes.bytes.count)
    let difference = zip(result.bytes, expected.bytes.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 256
    #expect(difference <= 1)
  }

  @Test("Filled images are cropped about the center")
  func filledImagesAreCroppedAboutTheCenter() {
    var wide = RGBImage(width: 9, height: 3, color: .black)
    for y in 0..<3 { for x in 3..<6 { wide[x, y] = .white } }
    #expect(wide.filled(width: 3, height: 3) == RGBImage(width: 3, height: 3, color: .white))
    #expect(wide.filled(width: 6, height: 6) == RGBImage(width: 6, height: 6, color: .white))
    var high = RGBImage(width: 2, height: 6, color: .black)
    for y in 2..<4 { for x in 0..<2 { high[x, y] = .white } }
    #expect(high.filled(width: 2, height: 2) == RGBImage(width: 2, height: 2, color: .white))
    #expect(RGBImage(width: 1, height: 1000, color: .white).filled(width: 32, height: 16).width == 32)
  }

  @Test("Enlarged images repeat pixels")
  func enlargedImagesRepeatPixels() {
    let image = RGBImage(width: 2, height: 1, bytes: [1, 2, 3, 4, 5, 6])
    #expect(image.enlarged(by: 2).bytes == [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
  }
}
