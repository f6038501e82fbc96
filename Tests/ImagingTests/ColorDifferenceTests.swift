import Imaging
import Testing

@Suite("Color differences")
struct ColorDifferenceTests {
  /// Two colors in CIELAB and their published difference.
  struct Pair: Decodable, CustomTestStringConvertible {
    let first: [Float]
    let second: [Float]
    let deltaE: Double

    var difference: Double { colorDifference(Self.color(first), Self.color(second)) }
    var reverse: Double { colorDifference(Self.color(second), Self.color(first)) }

    var testDescription: String { "\(first) and \(second)" }

    static func color(_ values: [Float]) -> CIELAB { CIELAB(lightness: values[0], a: values[1], b: values[2]) }
  }

  @Test("All published pairs are there")
  func publishedPairsAreComplete() throws {
    #expect(try Vectors.load("ciede2000.json", as: [Pair].self).count == 34)
  }

  /// The 34 pairs of Sharma, Wu and Dalal's test data, which cover grays and discontinuities of the mean hue.
  @Test(
    "Published pairs have the published differences", arguments: try Vectors.load("ciede2000.json", as: [Pair].self))
  func publishedPairsHaveThePublishedDifferences(pair: Pair) {
    #expect(abs(pair.difference - pair.deltaE) <= 1e-4)
    #expect(abs(pair.reverse - pair.deltaE) <= 1e-4, "exchanged")
  }

  struct Color: Decodable {
    let rgb: [Double]
    let lab: [Float]
  }

  struct Colors: Decodable {
    let colors: [Color]
    /// The difference between each color and the next one.
    let differences: [Double]
  }

  /// Returns the largest difference of L*, a* and b*.
  private static func distance(_ color: CIELAB, _ lab: [Float]) -> Float {
    max(abs(color.lightness - lab[0]), abs(color.a - lab[1]), abs(color.b - lab[2]))
  }

  @Test("Conversions and differences are those of scikit-image")
  func conversionsAndDifferencesAreThoseOfScikitImage() throws {
    let vectors = try Vectors.load("colors.json", as: Colors.self)
    for color in vectors.colors {
      let found = CIELAB(red: color.rgb[0], green: color.rgb[1], blue: color.rgb[2])
      #expect(Self.distance(found, color.lab) <= 2e-5, "\(color.rgb)")
      let (red, green, blue) = (Float(color.rgb[0]), Float(color.rgb[1]), Float(color.rgb[2]))
      #expect(Self.distance(CIELAB(red: red, green: green, blue: blue), color.lab) <= 3e-4, "\(color.rgb)")
    }
    for (index, expected) in vectors.differences.enumerated() {
      let (first, second) = (vectors.colors[index].lab, vectors.colors[index + 1].lab)
      #expect(abs(colorDifference(Pair.color(first), Pair.color(second)) - expected) <= 1e-4)
    }
  }

  @Test("Extreme differences are exact")
  func extremeDifferencesAreExact() {
    let color = CIELAB(red: 0.3, green: 0.5, blue: 0.9)
    #expect(colorDifference(color, color) == 0)
    let black = CIELAB(lightness: 0, a: 0, b: 0)
    #expect(abs(colorDifference(black, CIELAB(lightness: 100, a: 0, b: 0)) - 100) < 1e-4)
  }
}
