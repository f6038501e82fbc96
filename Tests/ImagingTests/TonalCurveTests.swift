import Imaging
import TestSupport
import Testing

/// The distinction of gray and toned pictures from color photographs.
@Suite("Tonal curves")
struct TonalCurveTests {
  /// A picture of many colors and levels of lightness.
  private static let photograph: RGBImage = {
    var image = RGBImage.colorful(width: 96, height: 64, level: 0)
    for y in 0..<64 {
      for x in 0..<96 { image[x, y].green = UInt8((x * 5 + y * 3) % 256) }
    }
    return image
  }()

  /// Returns a toned copy of the picture.
  /// - Parameter tone: Gives the color of a level of gray in 0...1, in 0...1.
  private func toned(_ tone: (Double) -> (red: Double, green: Double, blue: Double)) -> RGBImage {
    var image = Self.photograph.withoutChroma
    for first in stride(from: 0, to: image.bytes.count, by: 3) {
      let color = tone(Double(image.bytes[first]) / 255)
      for (channel, value) in [color.red, color.green, color.blue].enumerated() {
        image.bytes[first + channel] = UInt8((255 * min(max(value, 0), 1)).rounded())
      }
    }
    return image
  }

  @Test("Color photographs are not toned")
  func colorPhotographs() {
    #expect(!TonalCurve(of: Self.photograph).isGrayOrToned)
    // Smaller than the size at which pictures are examined.
    #expect(!TonalCurve(of: RGBImage.colorful(width: 16, height: 16, level: 120)).isGrayOrToned)
  }

  @Test("Gray, sepia, cyanotypes and split tones are toned")
  func tonedPictures() {
    #expect(TonalCurve(of: Self.photograph.gray).isGrayOrToned)
    #expect(TonalCurve(of: RGBImage(width: 1, height: 1, color: .white)).isGrayOrToned)
    #expect(TonalCurve(of: toned { (1.35 * $0, 1.2 * $0, 0.94 * $0) }).isGrayOrToned)
    #expect(TonalCurve(of: toned { (0.02 + 0.94 * $0, 0.08 + 0.9 * $0, 0.25 + 0.73 * $0) }).isGrayOrToned)
    #expect(TonalCurve(of: toned { ($0 + 0.1 * ($0 - 0.5), $0, $0 - 0.1 * ($0 - 0.5)) }).isGrayOrToned)
  }

  /// Of a single hue, with lightness that says nothing about it.
  @Test("A picture with a colored part is not toned")
  func coloredParts() {
    var image = Self.photograph.withoutChroma
    for y in 16..<48 {
      for x in 24..<72 { image[x, y] = RGBColor(red: 200, green: image[x, y].green / 2, blue: 40) }
    }
    #expect(!TonalCurve(of: image).isGrayOrToned)
  }
}
