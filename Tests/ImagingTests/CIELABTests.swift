import Imaging
import Testing

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
}
