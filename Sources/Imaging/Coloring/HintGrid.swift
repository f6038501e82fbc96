import Glibc

/// The minimization of `HintField`: a linear system with a row for each pixel, solved by conjugate gradients.
///
/// A grid of half the size is solved first, and so on, whose solution is the start of the next one: what is left to
/// find is of few pixels' extent (Deuflhard, "Cascadic conjugate gradient methods", 1994). The preconditioner is the
/// modified incomplete Cholesky factorization without fill-in (Gustafsson, "A class of first order factorization
/// methods", 1978). Sums run in the order of pixels, so that the result is the same each time.
struct HintGrid {
  /// A pixel whose value is known.
  struct Fixed {
    /// In 0...1 of the width and the height.
    let x: Float
    let y: Float
    let value: SIMD4<Float>
  }

  private let width: Int
  private let height: Int
  /// w of each pixel and its right neighbor, and of it and that below; 0 where there is none.
  private let across: [Float]
  private let down: [Float]
  /// The diagonal of the matrix.
  private var diagonal: [Float]
  private let isFixed: [Bool]
  /// The reciprocal square roots of the factorization's pivots; 0 for fixed pixels, which the solution leaves alone.
  private var pivots: [Float] = []

  /// The residual that ends the iteration, relative to the first grid's.
  private static let tolerance = 1e-4
  /// Most iterations, and those on grids whose shorter side is `largeSide` or more: these only move the borders of the
  /// coarser solution to the edges of the finer grid. A hint has the same reach at every working size this way; the
  /// reach of a single pixel gets smaller with it.
  private static let iterationLimit = 400
  private static let largeGridIterationCount = 20
  private static let largeSide = 192
  /// Grids whose shorter side is less are not halved.
  private static let smallestSide = 24

  /// Returns the solution: four values for each pixel.
  /// - Parameters:
  ///   - lightness: L* of each pixel: `[height, width]`.
  ///   - fixed: At least one.
  ///   - pull: λ of a pixel.
  static func solution(
    _ lightness: [Float], width: Int, height: Int, fixed: [Fixed], pull: Float
  ) -> [SIMD4<Float>] {
    guard !fixed.isEmpty else { return Array(repeating: .zero, count: width * height) }
    var start = [SIMD4<Float>](repeating: .zero, count: width * height)
    if min(width, height) >= 2 * smallestSide {
      let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
      let coarse = solution(
        halved(lightness, width: width, height: height), width: halfWidth, height: halfHeight, fixed: fixed,
        pull: 4 * pull)
      for y in 0..<height {
        for x in 0..<width { start[y * width + x] = coarse[y / 2 * halfWidth + x / 2] }
      }
    }
    var isFixed = [Bool](repeating: false, count: width * height)
    for pixel in fixed {
      // Limited before the conversion, which ends the process where a place is beyond the largest integer.
      let x = Int(min(max(pixel.x * Float(width), 0), Float(width - 1)))
      let y = Int(min(max(pixel.y * Float(height), 0), Float(height - 1)))
      let index = y * width + x
      start[index] = pixel.value
      isFixed[index] = true
    }
    let affinity = HintAffinity(lightness, width: width, height: height)
    return HintGrid(affinity, isFixed: isFixed, pull: pull).solved(
      from: start, iterationLimit: min(width, height) >= largeSide ? largeGridIterationCount : iterationLimit)
  }

  /// Returns an image of half the width and height, of means over 2 × 2 pixels.
  private static func halved(_ values: [Float], width: Int, height: Int) -> [Float] {
    let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
    var result = [Float](repeating: 0, count: halfWidth * halfHeight)
    for y in 0..<halfHeight {
      let (top, bottom) = (2 * y * width, min(2 * y + 1, height - 1) * width)
      for x in 0..<halfWidth {
        let (left, right) = (2 * x, min(2 * x + 1, width - 1))
        result[y * halfWidth + x] =
          (values[top + left] + values[top + right] + values[bottom + left] + values[bottom + right]) / 4
      }
    }
    return result
  }

  private init(_ affinity: HintAffinity, isFixed: [Bool], pull: Float) {
    width = affinity.width
    height = affinity.height
    across = affinity.across
    down = affinity.down
    self.isFixed = isFixed
    diagonal = [Float](repeating: pull, count: width * height)
    for index in 0..<width * height {
      if index % width + 1 < width {
        diagonal[index] += across[index]
        diagonal[index + 1] += across[index]
      }
      if index + width < width * height {
        diagonal[index] += down[index]
        diagonal[index + width] += down[index]
      }
    }
    pivots = factorized()
  }

  /// Returns the reciprocal square roots of the pivots.
  private func factorized() -> [Float] {
    // The share of dropped fill-in that is added to the diagonal, and the least part of the diagonal that a pivot
    // keeps.
    let (modification, least): (Float, Float) = (0.97, 0.25)
    var pivots = [Float](repeating: 0, count: width * height)
    for index in 0..<width * height where !isFixed[index] {
      var pivot = diagonal[index]
      if index % width > 0, !isFixed[index - 1] {
        let left = across[index - 1] * pivots[index - 1]
        let fill = isFixed[min(index - 1 + width, isFixed.count - 1)] ? 0 : down[index - 1] * pivots[index - 1]
        pivot -= left * left + modification * left * fill
      }
      if index >= width, !isFixed[index - width] {
        let above = down[index - width] * pivots[index - width]
        let fill = isFixed[index - width + 1] ? 0 : across[index - width] * pivots[index - width]
        pivot -= above * above + modification * above * fill
      }
      if pivot < least * diagonal[index] { pivot = diagonal[index] }
      pivots[index] = 1 / pivot.squareRoot()
    }
    return pivots
  }

  /// Returns the solution that has the values of `start` at fixed pixels.
  private func solved(from start: [SIMD4<Float>], iterationLimit: Int) -> [SIMD4<Float>] {
    var solution = start
    let count = width * height
    var residual = [SIMD4<Float>](repeating: .zero, count: count)
    var product = residual
    multiply(solution, into: &product)
    for index in 0..<count { residual[index] = isFixed[index] ? .zero : -product[index] }
    // The right side of the equations, which the fixed pixels make: its size is the measure of the residual.
    var known = start
    for index in 0..<count where !isFixed[index] { known[index] = .zero }
    multiply(known, into: &product)
    for index in 0..<count where isFixed[index] { product[index] = .zero }
    let goal = Self.dot(product, product) * (Self.tolerance * Self.tolerance)
    var conditioned = residual
    precondition(residual, into: &conditioned)
    var direction = conditioned
    var slope = Self.dot(residual, conditioned)
    for _ in 0..<iterationLimit {
      let left = Self.dot(residual, residual)
      if (0..<4).allSatisfy({ left[$0] <= goal[$0] }) { break }
      multiply(direction, into: &product)
      let curvature = Self.dot(direction, product)
      let step = Self.quotient(slope, curvature)
      for index in 0..<count where !isFixed[index] {
        solution[index] += step * direction[index]
        residual[index] -= step * product[index]
      }
      precondition(residual, into: &conditioned)
      let next = Self.dot(residual, conditioned)
      let share = Self.quotient(next, slope)
      slope = next
      for index in 0..<count { direction[index] = conditioned[index] + share * direction[index] }
    }
    return solution
  }

  /// Returns the quotients; 0 where the divisor is 0, in a part of the system that is solved.
  private static func quotient(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Float> {
    SIMD4((0..<4).map { b[$0] > 0 ? Float(a[$0] / b[$0]) : 0 })
  }

  private static func dot(_ a: [SIMD4<Float>], _ b: [SIMD4<Float>]) -> SIMD4<Double> {
    var sum = SIMD4<Double>.zero
    for index in a.indices { sum += SIMD4<Double>(a[index] * b[index]) }
    return sum
  }

  /// Multiplies the matrix and a vector.
  private func multiply(_ vector: [SIMD4<Float>], into product: inout [SIMD4<Float>]) {
    for y in 0..<height {
      for x in 0..<width {
        let index = y * width + x
        var sum = diagonal[index] * vector[index]
        if x > 0 { sum -= across[index - 1] * vector[index - 1] }
        if x + 1 < width { sum -= across[index] * vector[index + 1] }
        if y > 0 { sum -= down[index - width] * vector[index - width] }
        if y + 1 < height { sum -= down[index] * vector[index + width] }
        product[index] = sum
      }
    }
  }

  /// Solves the factorized system; fixed pixels get 0.
  private func precondition(_ vector: [SIMD4<Float>], into result: inout [SIMD4<Float>]) {
    for y in 0..<height {
      for x in 0..<width {
        let index = y * width + x
        var sum = vector[index]
        if x > 0 { sum += across[index - 1] * pivots[index - 1] * result[index - 1] }
        if y > 0 { sum += down[index - width] * pivots[index - width] * result[index - width] }
        result[index] = sum * pivots[index]
      }
    }
    for y in stride(from: height - 1, through: 0, by: -1) {
      for x in stride(from: width - 1, through: 0, by: -1) {
        let index = y * width + x
        var sum = result[index]
        if x + 1 < width { sum += across[index] * pivots[index] * result[index + 1] }
        if y + 1 < height { sum += down[index] * pivots[index] * result[index + width] }
        result[index] = sum * pivots[index]
      }
    }
  }
}

/// How much neighbors belong together: w of `HintField`,
///
///     w(r,s) = exp(−(L*(r) − L*(s))² / (2 σ²)),
///
/// where σ² is a quarter of the mean of the variances of L* about the two pixels, plus a constant for noise. The
/// variance about a pixel is the least of those of the four 3 × 3 windows that have it in a corner, as in Kuwahara's
/// filter: beside an edge one of them lies on this side of it, so that the edge separates, and in a texture all of them
/// vary, so that the texture is passed.
struct HintAffinity {
  let width: Int
  let height: Int
  /// Of each pixel and its right neighbor, and of it and that below; 0 where there is none.
  private(set) var across: [Float]
  private(set) var down: [Float]

  /// The part of the variance that counts.
  private static let part: Float = 0.25
  /// Added to it, in units of L*², for the noise of photographs.
  private static let noise: Float = 4
  /// The least w: every pixel belongs to the photograph.
  private static let least: Float = 1e-5

  init(_ lightness: [Float], width: Int, height: Int) {
    self.width = width
    self.height = height
    let variances = Self.variances(lightness, width: width, height: height)
    func weight(_ first: Int, _ second: Int) -> Float {
      let difference = lightness[first] - lightness[second]
      let variance = (variances[first] + variances[second]) / 2 * Self.part + Self.noise
      return max(Self.least, exp(-difference * difference / (2 * variance)))
    }
    across = [Float](repeating: 0, count: width * height)
    down = across
    for y in 0..<height {
      for x in 0..<width {
        let index = y * width + x
        if x + 1 < width { across[index] = weight(index, index + 1) }
        if y + 1 < height { down[index] = weight(index, index + width) }
      }
    }
  }

  /// Returns the least variance of the four windows of each pixel.
  private static func variances(_ values: [Float], width: Int, height: Int) -> [Float] {
    // Of the window whose middle a pixel is, with the border repeated.
    var centered = [Float](repeating: 0, count: width * height)
    for y in 0..<height {
      for x in 0..<width {
        var (sum, squares): (Float, Float) = (0, 0)
        let middle = values[y * width + x]
        for row in y - 1...y + 1 {
          for column in x - 1...x + 1 {
            let value = values[min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)] - middle
            sum += value
            squares += value * value
          }
        }
        centered[y * width + x] = max(0, squares / 9 - sum * sum / 81)
      }
    }
    var least = centered
    for y in 0..<height {
      for x in 0..<width {
        let (left, right) = (max(x - 1, 0), min(x + 1, width - 1))
        let (top, bottom) = (max(y - 1, 0) * width, min(y + 1, height - 1) * width)
        least[y * width + x] = min(
          centered[top + left], centered[top + right], centered[bottom + left], centered[bottom + right])
      }
    }
    return least
  }
}
