import Data
import Foundation
import Imaging
import Runtime

/// The rarity of colors among images, as weights for the errors of colors (Zhang, Isola and Efros 2016, section 2.2).
///
/// Most pixels of photographs are nearly gray, so that a plain mean of errors is smallest for desaturated predictions.
/// Larger weights w of rare colors q counteract that. With p the distribution of the pixels' colors, p̃ the same
/// smoothed by a Gaussian of σ = 5 in units of a* and b*, and Q the number of colors that occur, equation 4 is
///
///     w(q) ∝ 1 / ((1 − λ) · p̃(q) + λ / Q),   Σ p(q) · w(q) = 1,   λ = ½
///
/// The colors are a grid in steps of 10 of a* and b*, as in the paper. Each pixel counts for the four grid points
/// around its color, in the shares in which `ColorWeights` interpolates between them, so that the mean weight of the
/// pixels that are looked at is 1 up to rounding. In the paper the expectation is over p̃.
public struct ColorRarity: Sendable {
  /// Grid points of an axis: −110, −100, … 110 of a* or b*.
  public static let gridSize = 23
  /// The weight of each grid point, a row for each b*, a column for each a*: the table of `ColorWeights`.
  public let weights: [Float]

  /// λ, the share of the uniform distribution.
  private static let uniformShare = 0.5
  /// σ, in units of a* and b*.
  private static let smoothing = 5.0
  /// Most pixels that are looked at. A prime: the step between them is no multiple of an image's width, so that they
  /// come from all columns and rows.
  private static let largestSample = 2_000_003
  /// Distance between grid points in units of a* and b*.
  private static var gridStep: Double { 2 * Double(ColorEncoding.labChromaScale) / Double(gridSize - 1) }

  /// - Precondition: `weights` are `gridSize`² numbers.
  public init(weights: [Float]) {
    precondition(weights.count == Self.gridSize * Self.gridSize, "\(weights.count) weights of colors")
    self.weights = weights
  }

  /// Computes the weights of the colors of images. The result depends on nothing else.
  /// - Parameters:
  ///   - indices: numbers of the images, at least one.
  ///   - strength: exponent of the paper's weights, whose mean is made 1 again; 1 for the paper's.
  public init(of dataset: ImageDataset, _ indices: [UInt32], strength: Float) {
    let distribution = Self.distribution(of: dataset, indices)
    let smoothed = Self.smoothed(distribution)
    let uniform = Self.uniformShare / Double(distribution.count { $0 > 0 })
    let powers = smoothed.map { pow((1 - Self.uniformShare) * $0 + uniform, -Double(strength)) }
    let mean = zip(distribution, powers).reduce(0) { $0 + $1.0 * $1.1 }
    weights = powers.map { Float($0 / mean) }
  }

  /// Returns the share of each grid point in the colors of the images' pixels, or of an even sample of them.
  private static func distribution(of dataset: ImageDataset, _ indices: [UInt32]) -> [Double] {
    let imagePixels = dataset.width * dataset.height
    let pixelCount = indices.count * imagePixels
    let sampleCount = min(pixelCount, largestSample)
    let linear = (0...255).map { SRGB.linear(Float($0) / 255) }
    var shares = [Double](repeating: 0, count: gridSize * gridSize)
    dataset.bytes.withUnsafeBytes { bytes in
      for sample in 0..<sampleCount {
        let (image, pixel) = (sample * pixelCount / sampleCount).quotientAndRemainder(dividingBy: imagePixels)
        let first = (Int(indices[image]) * imagePixels + pixel) * 3
        let color = CIELAB(
          linear: SIMD3(linear[Int(bytes[first])], linear[Int(bytes[first + 1])], linear[Int(bytes[first + 2])]))
        let (column, right) = place(color.a)
        let (row, lower) = place(color.b)
        let point = row * gridSize + column
        shares[point] += (1 - lower) * (1 - right)
        shares[point + 1] += (1 - lower) * right
        shares[point + gridSize] += lower * (1 - right)
        shares[point + gridSize + 1] += lower * right
      }
    }
    return shares.map { $0 / Double(sampleCount) }
  }

  /// Returns the grid point before a* or b*, and the distance from it to the color in steps of the grid.
  private static func place(_ component: Float) -> (low: Int, distance: Double) {
    let limit = Double(ColorEncoding.labChromaScale)
    let position = (min(max(Double(component), -limit), limit) + limit) / gridStep
    let low = min(Int(position), gridSize - 2)
    return (low, position - Double(low))
  }

  /// Returns a distribution on the grid, convolved with the Gaussian and with a sum of 1 again.
  private static func smoothed(_ distribution: [Double]) -> [Double] {
    let kernel = (0..<gridSize).map { exp(-pow(Double($0) * gridStep / smoothing, 2) / 2) }
    /// Convolves along one axis, whose neighbors are `stride` elements apart.
    func convolved(_ values: [Double], stride: Int) -> [Double] {
      values.indices.map { index in
        let place = index / stride % gridSize
        return (0..<gridSize).reduce(0) { $0 + kernel[abs($1 - place)] * values[index + ($1 - place) * stride] }
      }
    }
    let result = convolved(convolved(distribution, stride: 1), stride: gridSize)
    let sum = result.reduce(0, +)
    return result.map { $0 / sum }
  }
}
