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

  @Test("Tiles lie side by side along the longer side, from end to end")
  func tiles() {
    let wide = RGBImage.colorful(width: 30, height: 20, level: 9)
    let squares = wide.tiles(width: 8, height: 8)
    #expect(
      squares == [0, 10].map { wide.cropped(x: $0, y: 0, width: 20, height: 20).resized(width: 8, height: 8) })
    let tall = RGBImage.colorful(width: 10, height: 30, level: 9)
    #expect(
      tall.tiles(width: 5, height: 5)
        == [0, 10, 20].map { tall.cropped(x: 0, y: $0, width: 10, height: 10).resized(width: 5, height: 5) })
    #expect(
      wide.tiles(width: 8, height: 8, count: 3)
        == [0, 5, 10].map { wide.cropped(x: $0, y: 0, width: 20, height: 20).resized(width: 8, height: 8) })
    // A part of another aspect ratio.
    #expect(wide.tiles(width: 6, height: 2).map(\.width) == [6, 6])
  }

  @Test("An image that is hardly longer than a tile has one", arguments: [(20, 20), (22, 20), (20, 22)])
  func oneTile(width: Int, height: Int) {
    let image = RGBImage.colorful(width: width, height: height, level: 9)
    for count in [nil, 5] {
      #expect(image.tiles(width: 8, height: 8, count: count) == [image.filled(width: 8, height: 8)])
    }
  }

  @Test("Tiles of strips are few", arguments: [(1, 5000), (5000, 1)])
  func tilesOfStrips(width: Int, height: Int) {
    let image = RGBImage(width: width, height: height, color: RGBColor(red: 9, green: 8, blue: 7))
    #expect(image.tiles(width: 8, height: 8).count == RGBImage.largestTileCount)
  }
}
