import TestSupport
import Testing

@testable import Runtime

/// The least work of operations, by which measured times are judged.
@Suite("Limits of operations")
struct OperationLimitTests {
  /// A convolution between an image and the map that belongs to it, one channel each.
  private static func problem(
    _ target: ConvolutionProblem.Target, extent: Int, kernel: Int, stride: Int = 1, padding: Int = 1
  ) -> ConvolutionProblem {
    let geometry = ConvolutionGeometry(kernel: kernel, stride: stride, padding: padding)
    let image = Tensor("image", Shape(1, extent, extent, 1))
    let map = Tensor("map", geometry.outputShape(of: image.shape, outputChannels: 1))
    let weights = Tensor("weights", Shape(kernel, kernel, 1, 1))
    return ConvolutionProblem(
      target: target, image: image, map: map, weights: weights, geometry: geometry, weightsInput: .image)
  }

  @Test("Products after minimal filtering are counted for every kernel and stride")
  func products() {
    for target in [ConvolutionProblem.Target.map, .image, .weights] {
      // F(4×4, 3×3): 36 products for 16 pixels.
      #expect(Self.problem(target, extent: 8, kernel: 3).leastMultiplyAdds == 4 * 36)
      // F(2×2, 3×3): 16 products for 4 pixels.
      #expect(Self.problem(target, extent: 2, kernel: 3).leastMultiplyAdds == 16)
      // Along each axis one phase of two taps, F(4, 2), and one of one: (5 + 4)² products for 16 pixels of the map.
      #expect(Self.problem(target, extent: 8, kernel: 3, stride: 2).leastMultiplyAdds == 81)
      // Two phases of two taps: (5 + 5)² products.
      #expect(Self.problem(target, extent: 8, kernel: 4, stride: 2).leastMultiplyAdds == 100)
      #expect(Self.problem(target, extent: 8, kernel: 1, padding: 0).leastMultiplyAdds == 64)
    }
  }

  @Test("The limit is the longer one of products and bytes")
  func longer() throws {
    let values = Tensor("values", Shape(vector: 1000))
    let result = Tensor("result", Shape(vector: 1000))
    let operation = ScaledSum(values, output: result)
    let slowProducts = DevicePeaks(floatingPointOperationsPerSecond: 1000, bytesPerSecond: 1e9)
    let slowBytes = DevicePeaks(floatingPointOperationsPerSecond: 1e9, bytesPerSecond: 1000)
    #expect(slowProducts.leastSeconds(of: operation) == 1)
    #expect(slowBytes.leastSeconds(of: operation) == 8)
  }
}
