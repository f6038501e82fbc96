import Imaging
import Testing

@Suite("Color differences")
struct ColorDifferenceTests {
  /// Two colors in CIELAB and how different they are.
  struct Pair: Decodable {
    let first: [Float]
    let second: [Float]
    let deltaE: Double

    var difference: Double { colorDifference(Self.color(first), Self.color(second)) }
    var reverse: Double { colorDifference(Self.color(second), Self.color(first)) }

    static func color(_ values: [Float]) -> CIELAB { CIELAB(lightness: values[0], a: values[1], b: values[2]) }
  }

  /// The 34 pairs that Sharma, Wu and Dalal published to find mistakes with: around gray, and where the hues' mean jumps.
  @Test func publishedPairs() throws {
    let pairs = try Vectors.load("ciede2000.json", as: [Pair].self)
    #expect(pairs.count == 34)
    for (index, pair) in pairs.enumerated() {
      #expect(abs(pair.difference - pair.deltaE) <= 1e-4, "pair \(index + 1)")
      #expect(abs(pair.reverse - pair.deltaE) <= 1e-4, "pair \(index + 1), exchanged")
    }
  }

  struct Color: Decodable {
    let rgb: [Double]
    let lab: [Float]
  }

  struct Colors: Decodable {
    let colors: [Color]
    /// Between each color and the next.
    let differences: [Double]
  }

  /// The largest difference of the three numbers.
  private static func distance(_ color: CIELAB, _ lab: [Float]) -> Float {
    max(abs(color.lightness - lab[0]), abs(color.a - lab[1]), abs(color.b - lab[2]))
  }

  @Test func sameAsScikitImage() throws {
    let vectors = try Vectors.load("colors.json", as: Colors.self)
    for color in vectors.colors {
      let found = CIELAB(red: color.rgb[0], green: color.rgb[1], blue: color.rgb[2])
      #expect(Self.distance(found, color.lab) <= 2e-5)
      let (red, green, blue) = (Float(color.rgb[0]), Float(color.rgb[1]), Float(color.rgb[2]))
      #expect(Self.distance(CIELAB(red: red, green: green, blue: blue), color.lab) <= 3e-4)
    }
    for (index, expected) in vectors.differences.enumerated() {
      let (first, second) = (vectors.colors[index].lab, vectors.colors[index + 1].lab)
      #expect(abs(colorDifference(Pair.color(first), Pair.color(second)) - expected) <= 1e-4)
    }
  }

  @Test func sameColorsDoNotDiffer() {
    let color = CIELAB(red: 0.3, green: 0.5, blue: 0.9)
    #expect(colorDifference(color, color) == 0)
    let black = CIELAB(lightness: 0, a: 0, b: 0)
    #expect(abs(colorDifference(black, CIELAB(lightness: 100, a: 0, b: 0)) - 100) < 1e-4)
  }
}
