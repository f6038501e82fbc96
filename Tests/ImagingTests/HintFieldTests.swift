import Testing

@testable import Imaging

/// The spreading of hints: known answers, and what follows from the mathematics.
@Suite("Hints")
struct HintFieldTests {
  private static let red = RGBColor(red: 200, green: 40, blue: 40)
  private static let blue = RGBColor(red: 40, green: 60, blue: 200)

  /// An image whose left half is dark and whose right half is light.
  private static func halves(width: Int, height: Int) -> RGBImage {
    var image = RGBImage(width: width, height: height, color: RGBColor(red: 60, green: 60, blue: 60))
    for y in 0..<height {
      for x in width / 2..<width { image[x, y] = RGBColor(red: 190, green: 190, blue: 190) }
    }
    return image
  }

  private static func field(_ hints: [ColorHint], _ guide: RGBImage) -> HintField {
    HintField(hints, guide: guide, photographWidth: guide.width, photographHeight: guide.height)
  }

  private static func chroma(of color: RGBColor) -> SIMD2<Float> {
    let lab = CIELAB(red: Float(color.red) / 255, green: Float(color.green) / 255, blue: Float(color.blue) / 255)
    return SIMD2(lab.a, lab.b)
  }

  @Test("The region takes the color, the rest keeps its own")
  func regionTakesTheColor() {
    for (width, height) in [(32, 32), (96, 128), (200, 150)] {
      let guide = Self.halves(width: width, height: height)
      let field = Self.field([ColorHint(x: width / 8, y: height / 2, color: Self.red)], guide)
      let plane = ChromaPlane(
        colors: (0..<width * height).flatMap { _ in [0.5, 0.5, 0.6] as [Float] }, width: width, height: height)
      let result = field.applied(to: plane)
      let hint = height / 2 * width + width / 8
      #expect(field.values[hint].x == 1)
      let distance = result.values[hint] - Self.chroma(of: Self.red)
      #expect((distance * distance).sum() < 1e-3)
      let left = (0..<height).flatMap { y in (0..<width / 2 - 1).map { field.values[y * width + $0].x } }
      let right = (0..<height).flatMap { y in (width / 2 + 1..<width).map { field.values[y * width + $0].x } }
      #expect(left.reduce(0, +) / Float(left.count) > 0.6, "\(width)")
      #expect((right.max() ?? 1) < 0.1, "\(width): \(right.max() ?? 1)")
    }
  }

  @Test("A hint far outside counts as at the edge")
  func farOutside() {
    let guide = Self.halves(width: 32, height: 32)
    let far = HintField(
      [ColorHint(x: .max, y: 3, color: Self.red)], guide: guide, photographWidth: 1, photographHeight: 32)
    let edge = Self.field([ColorHint(x: 31, y: 3, color: Self.red)], guide)
    #expect(far.values == edge.values)
  }

  @Test("Two hints of a flat image share it, and their shares are in 0...1")
  func sharesAreBounded() {
    let guide = RGBImage(width: 64, height: 48, color: RGBColor(red: 128, green: 128, blue: 128))
    let field = Self.field(
      [ColorHint(x: 8, y: 24, color: Self.red), ColorHint(x: 55, y: 24, color: Self.blue)], guide)
    let (red, blue) = (Self.chroma(of: Self.red), Self.chroma(of: Self.blue))
    for value in field.values {
      #expect((0...1).contains(value.x))
      // A mixture of the hints' colors: b* between theirs.
      let b = value.z / max(value.x, 1e-6)
      #expect(b >= min(red.y, blue.y) - 0.5 && b <= max(red.y, blue.y) + 0.5)
    }
    let nearRed = field.values[24 * 64 + 10]
    let nearBlue = field.values[24 * 64 + 53]
    #expect(nearRed.z / nearRed.x > nearBlue.z / nearBlue.x)
    // The image is symmetric, and so are the shares.
    for x in 0..<32 {
      #expect(abs(field.values[24 * 64 + x].x - field.values[24 * 64 + 63 - x].x) < 0.01)
    }
  }

  /// Solves the same system by elimination.
  private static func exact(_ affinity: HintAffinity, fixed: [Int: Double], pull: Double) -> [Double] {
    let count = affinity.width * affinity.height
    var rows = (0..<count).map { _ in [Double](repeating: 0, count: count + 1) }
    func link(_ first: Int, _ second: Int, _ weight: Float) {
      for (a, b) in [(first, second), (second, first)] {
        rows[a][a] += Double(weight)
        rows[a][b] -= Double(weight)
      }
    }
    for index in 0..<count {
      rows[index][index] += pull
      if index % affinity.width + 1 < affinity.width { link(index, index + 1, affinity.across[index]) }
      if index + affinity.width < count { link(index, index + affinity.width, affinity.down[index]) }
    }
    for (index, value) in fixed {
      rows[index] = [Double](repeating: 0, count: count + 1)
      rows[index][index] = 1
      rows[index][count] = value
    }
    for pivot in 0..<count {
      for row in pivot + 1..<count where rows[row][pivot] != 0 {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot...count { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    var solution = [Double](repeating: 0, count: count)
    for row in stride(from: count - 1, through: 0, by: -1) {
      let rest = (row + 1..<count).reduce(rows[row][count]) { $0 - rows[row][$1] * solution[$1] }
      solution[row] = rest / rows[row][row]
    }
    return solution
  }

  @Test("The iteration finds the solution of the system")
  func solution() {
    let (width, height) = (16, 12)
    let levels = (0..<width * height).map { (index: Int) -> Float in
      let level = index * 37 % 23 + index / 40 * 9
      return Float(level)
    }
    let affinity = HintAffinity(levels, width: width, height: height)
    let found = HintGrid.solution(
      levels, width: width, height: height,
      fixed: [
        .init(x: 3.5 / 16, y: 4.5 / 12, value: SIMD4(1, 20, -30, 0)),
        .init(x: 12.5 / 16, y: 9.5 / 12, value: SIMD4(1, -10, 50, 0)),
      ], pull: 0.005)
    let (first, second) = (4 * width + 3, 9 * width + 12)
    let lanes: [[Int: Double]] = [[first: 1, second: 1], [first: 20, second: -10], [first: -30, second: 50]]
    for (lane, values) in lanes.enumerated() {
      let expected = Self.exact(affinity, fixed: values, pull: 0.005)
      let scale = values.values.map(abs).max() ?? 1
      for index in 0..<width * height {
        #expect(abs(Double(found[index][lane]) - expected[index]) < 2e-3 * scale, "\(lane), \(index)")
      }
    }
  }

  @Test("Without hints nothing changes, and the same hints give the same bits")
  func repeatability() {
    let guide = Self.halves(width: 48, height: 32)
    let plane = ChromaPlane(
      colors: (0..<3 * 48 * 32).map { Float($0 * 31 % 97) / 97 }, width: 48, height: 32)
    #expect(Self.field([], guide).applied(to: plane).values == plane.values)
    let hints = [ColorHint(x: 5, y: 6, color: Self.red), ColorHint(x: 40, y: 20, color: Self.blue)]
    #expect(Self.field(hints, guide).values == Self.field(hints, guide).values)
  }
}
