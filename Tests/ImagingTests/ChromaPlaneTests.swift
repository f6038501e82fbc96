import Foundation
import Testing

@testable import Imaging

@Suite("The chroma of a small image")
struct ChromaPlaneTests {
  /// Colors from gray to the gamut's border, of every hue.
  private let plane = ChromaPlane(
    colors: (0..<64).flatMap { index in
      let (distance, hue) = (Float(index / 8) / 16, Float(index % 8) * .pi / 4)
      return [0.5 + distance * cos(hue), 0.5 + distance * cos(hue + 2), 0.5 + distance * cos(hue + 4)]
    }, width: 8, height: 8)

  private func chroma(_ color: SIMD2<Float>) -> Double { hypot(Double(color.x), Double(color.y)) }

  @Test("Contrast follows its formula", arguments: [Float(0.5), 1, 2, 4], [Float(0), 0.7, 1, 2])
  func contrast(contrast: Float, strength: Float) {
    let adjusted = plane.adjusted(strength: strength, contrast: contrast)
    for (before, after) in zip(plane.values, adjusted.values) {
      let chroma = chroma(before)
      let factor = chroma == 0 ? 0 : 2 * Double(strength) / (1 + pow(15 / chroma, Double(contrast)))
      #expect(abs(Double(after.x) - factor * Double(before.x)) <= 1e-5 * (1 + abs(factor * Double(before.x))))
      #expect(abs(Double(after.y) - factor * Double(before.y)) <= 1e-5 * (1 + abs(factor * Double(before.y))))
    }
  }

  @Test("Without contrast, strength 1 keeps every bit and others multiply")
  func strength() {
    #expect(plane.adjusted(strength: 1).values == plane.values)
    #expect(plane.adjusted(strength: 0.3).values == plane.values.map { $0 * 0.3 })
    // The limit of ever smaller contrasts, not another case.
    let slight = plane.adjusted(strength: 1, contrast: 1e-4)
    for (before, after) in zip(plane.values, slight.values) { #expect(chroma(before - after) < 0.02) }
  }

  @Test("Faint colors become fainter and vivid ones more vivid, in the same order")
  func order() {
    let adjusted = plane.adjusted(strength: 1, contrast: 3)
    let pairs = zip(plane.values.map(chroma), adjusted.values.map(chroma)).sorted { $0.0 < $1.0 }
    #expect(pairs[0].0 < 1 && pairs[pairs.count - 1].0 > 40)
    for (before, after) in pairs { #expect(before < 15 ? after <= before : after > before && after < 2 * before) }
    for (fainter, stronger) in zip(pairs, pairs.dropFirst()) { #expect(fainter.1 <= stronger.1 + 1e-4) }
  }

  @Test("Gray and NaN stay gray")
  func gray() {
    let plane = ChromaPlane(colors: [0.5, 0.5, 0.5, .nan, 0, 1], width: 2, height: 1)
    #expect(plane.adjusted(strength: 2, contrast: 4).values.allSatisfy { chroma($0) < 1e-4 })
  }
}
