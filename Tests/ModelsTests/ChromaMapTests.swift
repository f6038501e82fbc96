import Imaging
import Testing

@testable import Models

/// Light and dark stay the photograph's, whatever the chroma.
@Suite("Chroma map")
struct ChromaMapTests {
  @Test("The mean of the three colors stays, however strong the chroma", arguments: [UInt8(0), 3, 17, 128, 250, 255])
  func meanStays(gray: UInt8) {
    let photograph = RGBImage(width: 9, height: 7, color: RGBColor(red: gray, green: gray, blue: gray))
    let colors: [Float] = (0..<18).map { index in Float(index * 7 % 11) * 0.1 }
    let colored = ChromaMap(colors: colors, width: 2, height: 3).applied(to: photograph)
    for pixel in stride(from: 0, to: colored.bytes.count, by: 3) {
      let sum = Int(colored.bytes[pixel]) + Int(colored.bytes[pixel + 1]) + Int(colored.bytes[pixel + 2])
      let expected = 3 * Int(gray)
      // Each color is rounded by itself.
      #expect(abs(sum - expected) <= 2)
    }
    if gray == 128 { #expect(Set(colored.bytes).count > 3) }
  }

  @Test("Colors that are no numbers become no trap")
  func notNumbers() {
    let photograph = RGBImage(width: 4, height: 4, color: RGBColor(red: 90, green: 90, blue: 90))
    let colors = [Float](repeating: .nan, count: 12)
    #expect(ChromaMap(colors: colors, width: 2, height: 2).applied(to: photograph).bytes.count == 48)
  }
}
