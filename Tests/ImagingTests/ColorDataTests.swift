import Testing

@testable import Imaging

@Suite("The numbers for a viewer's colors")
struct ColorDataTests {
  private let width = 16
  private let height = 12

  private var guide: RGBImage {
    RGBImage(width: width, height: height, bytes: (0..<3 * width * height).map { UInt8($0 / 3 * 5 % 256) })
  }

  private var chroma: ChromaPlane {
    ChromaPlane(colors: (0..<3 * width * height).map { Float($0 * 31 % 97) / 97 }, width: width, height: height)
  }

  /// Returns the 32-bit number at an index of bytes.
  private func number(_ bytes: [UInt8], _ index: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << (8 * $1) }
  }

  private func floats(_ bytes: [UInt8], from start: Int, count: Int) -> [Float] {
    (0..<count).map { Float(bitPattern: number(bytes, start + 4 * $0)) }
  }

  @Test("The chroma and its guide are there, bit for bit")
  func plain() {
    let bytes = ColorData.bytes(chroma: chroma, small: guide, hints: nil)
    let count = width * height
    #expect(Array(bytes.prefix(16)) == Array("RCCH".utf8) + [1, 0, 0, 0, 16, 0, 0, 0, 12, 0, 0, 0])
    #expect(floats(bytes, from: 16, count: 2 * count) == chroma.values.flatMap { [$0.x, $0.y] })
    #expect(Array(bytes[(16 + 8 * count)...]) == guide.bytes)
  }

  @Test("Colors with hints follow from them at any strength and contrast")
  func hints() {
    let field = HintField(
      [ColorHint(x: 40, y: 30, color: RGBColor(red: 200, green: 40, blue: 40))], guide: guide, photographWidth: 160,
      photographHeight: 120)
    let bytes = ColorData.bytes(chroma: chroma, small: guide, hints: field)
    let count = width * height
    #expect(bytes.count == 16 + 23 * count)
    let values = floats(bytes, from: 16 + 11 * count, count: 3 * count)
    let adjusted = chroma.adjusted(strength: 1.4, contrast: 2)
    let expected = field.applied(to: adjusted).values
    for pixel in 0..<count {
      let own = adjusted.values[pixel] * (1 - values[3 * pixel])
      #expect(own + SIMD2(values[3 * pixel + 1], values[3 * pixel + 2]) == expected[pixel], "\(pixel)")
    }
  }
}
