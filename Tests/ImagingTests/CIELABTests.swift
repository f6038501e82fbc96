import Testing

@testable import Imaging

@Suite("CIELAB")
struct CIELABTests {
  /// Published values of the corners of sRGB's gamut (D65, 2°), to a hundredth.
  @Test(
    "Corners have the published values",
    arguments: [
      (SIMD3<Float>(1, 1, 1), SIMD3<Float>(100, 0, 0)), (SIMD3(0, 0, 0), SIMD3(0, 0, 0)),
      (SIMD3(1, 0, 0), SIMD3(53.24, 80.09, 67.20)), (SIMD3(0, 1, 0), SIMD3(87.73, -86.18, 83.18)),
      (SIMD3(0, 0, 1), SIMD3(32.30, 79.19, -107.86)),
    ])
  func cornersHaveThePublishedValues(rgb: SIMD3<Float>, expected: SIMD3<Float>) {
    let color = CIELAB(red: rgb.x, green: rgb.y, blue: rgb.z)
    #expect(abs(color.lightness - expected.x) < 0.02)
    #expect(abs(color.a - expected.y) < 0.02)
    #expect(abs(color.b - expected.z) < 0.02)
  }

  @Test("Conversions are inverse")
  func conversionsAreInverse() {
    for red in stride(from: 0, through: 255, by: 15) {
      for green in stride(from: 0, through: 255, by: 15) {
        for blue in stride(from: 0, through: 255, by: 15) {
          let rgb = SIMD3(Float(red), Float(green), Float(blue)) / 255
          let back = CIELAB(red: rgb.x, green: rgb.y, blue: rgb.z).clippedRGB
          let distance = (back - rgb) * 255
          #expect(max(abs(distance.x), abs(distance.y), abs(distance.z)) < 0.05)
        }
      }
    }
  }

  @Test("Colors outside the gamut fade to its edge, at the same lightness and hue")
  func colorsFadeToTheGamutsEdge() {
    var outsideCount = 0
    for lightness in stride(from: Float(0), through: 100, by: 10) {
      for a in stride(from: Float(-120), through: 120, by: 40) {
        for b in stride(from: Float(-120), through: 120, by: 40) {
          let color = CIELAB(lightness: lightness, a: a, b: b)
          let (linear, found) = (color.linear, color.linearInGamut)
          #expect(found.min() >= 0 && found.max() <= 1)
          if linear.min() >= 0, linear.max() <= 1 {
            #expect(found == linear)
            continue
          }
          outsideCount += 1
          // The strength of a* and b* by bisection.
          var (low, high): (Float, Float) = (0, 1)
          for _ in 0..<12 {
            let middle = (low + high) / 2
            let faded = CIELAB(lightness: lightness, a: a * middle, b: b * middle).linear
            if faded.min() >= -1e-6, faded.max() <= 1 + 1e-6 { low = middle } else { high = middle }
          }
          let expected = CIELAB(lightness: lightness, a: a * low, b: b * low).linear
          #expect(found == expected.clamped(lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 1)))
        }
      }
    }
    #expect(outsideCount > 300)
  }
}
