import Testing

@testable import Imaging

@Suite("RGBImage")
struct RGBImageTests {
  @Test("Values are converted to bytes")
  func valuesAreConvertedToBytes() {
    let image = RGBImage(width: 2, height: 1, values: [0, 0.5, 1, -3, .nan, .infinity])
    #expect(image.bytes == [0, 128, 255, 0, 0, 255])
    let symmetric = RGBImage(width: 1, height: 1, values: [-1, 0, 1], scale: 0.5, shift: 0.5)
    #expect(symmetric.bytes == [0, 128, 255])
  }

  @Test("Gray copies are means")
  func grayCopiesAreMeans() {
    let image = RGBImage(width: 2, height: 1, bytes: [10, 20, 31, 255, 255, 255])
    #expect(image.gray.bytes == [20, 20, 20, 255, 255, 255])
    #expect(RGBImage(width: 1, height: 1, bytes: [0, 1, 1]).gray.bytes == [1, 1, 1])
  }
}

@Suite("Contact sheets")
struct ContactSheetTests {
  let red = RGBImage(width: 2, height: 2, color: RGBColor(red: 255, green: 0, blue: 0))
  let blue = RGBImage(width: 2, height: 2, color: RGBColor(red: 0, green: 0, blue: 255))

  @Test("Images are arranged in rows")
  func imagesAreArrangedInRows() {
    let sheet = ContactSheet(rows: [[red, blue], [blue]], scale: 3, gap: 1).rendered()
    #expect(sheet.width == 15 && sheet.height == 15)
    #expect(sheet[0, 0] == .white && sheet[7, 3] == .white)
    #expect(sheet[1, 1] == red[0, 0] && sheet[6, 6] == red[0, 0])
    #expect(sheet[8, 1] == blue[0, 0] && sheet[1, 8] == blue[0, 0])
    #expect(sheet[8, 8] == .white)
  }

  @Test("Headings widen columns and are drawn")
  func headingsWidenColumnsAndAreDrawn() {
    let sheet = ContactSheet(headings: ["I", "wide"], rows: [[red, blue]], gap: 2).rendered()
    #expect(sheet.width == 2 + 5 + 2 + 23 + 2)
    #expect(sheet.height == 2 + 8 + 2 + 2 + 2)
    // The stem of the I, and the image in the middle of its column.
    for row in 2..<9 { #expect(sheet[4, row] == .black) }
    #expect(sheet[3, 12] == red[0, 0])
  }

  @Test("Empty sheets and unknown characters are drawn")
  func emptySheetsAndUnknownCharactersAreDrawn() {
    #expect(ContactSheet(gap: 0).rendered().width == 1)
    let sheet = ContactSheet(headings: ["☀"], gap: 0).rendered()
    #expect(sheet == ContactSheet(headings: ["?"], gap: 0).rendered())
  }
}
