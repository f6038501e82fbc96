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

  @Test("What was made of a chroma, its guide and hints is read again, bit for bit")
  func parts() throws {
    let field = HintField(
      [ColorHint(x: 4, y: 3, color: RGBColor(red: 200, green: 40, blue: 40))], guide: guide, photographWidth: 16,
      photographHeight: 12)
    for hints in [nil, field] {
      let bytes = ColorData.bytes(chroma: chroma, small: guide, hints: hints)
      let parts = try #require(ColorData.parts(of: bytes))
      #expect(parts.chroma.values == chroma.values && parts.chroma.width == width && parts.chroma.height == height)
      #expect(parts.small == guide && parts.hints?.values == hints?.values)
      #expect(hints == nil || bytes.count == ColorData.byteCount(pixelCount: width * height))
    }
  }

  @Test("Other bytes are not taken for numbers of colors")
  func damaged() {
    let whole = ColorData.bytes(chroma: chroma, small: guide, hints: nil)
    var others = [[], Array(whole.prefix(15)), Array(whole.dropLast()), whole + [0]]
    // Another name, another version, and sizes that are 0, too large, and larger than an integer.
    for (place, byte) in [(0, 0), (4, 2), (8, 0), (8, 17), (11, 255), (15, 255)] {
      var bytes = whole
      bytes[place] = UInt8(byte)
      others.append(bytes)
    }
    for bytes in others { #expect(ColorData.parts(of: bytes) == nil, "\(bytes.prefix(16))") }
  }
}
