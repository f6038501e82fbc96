import CVectorLoops
import Runtime

/// Mean and biased variance of each channel of a convolution's output, from the moments that the convolution's loops find
/// part by part while they have the pixels at hand. A part is a fixed number of tiles or positions, and the parts are
/// joined in their order, so that the result depends neither on the threads nor on how they share the work.
final class ConvolutionStatistics {
  /// `[parts][channels]`
  let mean: UnsafeMutablePointer<Double>
  let squares: UnsafeMutablePointer<Double>
  private let channels: Int
  /// Pixels of each part.
  private let counts: [Double]
  /// Means, then variances.
  private let result: UnsafeMutablePointer<Float>

  static func byteCount(parts: Int, channels: Int) -> Int { 2 * parts * channels * MemoryLayout<Double>.stride }

  /// - Parameters:
  ///   - counts: pixels of each part.
  ///   - result: `[2][channels]`
  ///   - workspace: `byteCount` bytes.
  init(counts: [Int], channels: Int, result: UnsafeMutablePointer<Float>, workspace: UnsafeMutableRawPointer) {
    self.counts = counts.map(Double.init)
    self.channels = channels
    self.result = result
    mean = workspace.assumingMemoryBound(to: Double.self)
    squares = mean + counts.count * channels
  }

  /// Joins the parts.
  func finish() {
    vector_batch_normalization_join_parts(mean, squares, counts, counts.count, channels)
    let count = counts.reduce(0, +)
    for c in 0..<channels {
      result[c] = Float(mean[c])
      result[channels + c] = Float(squares[c] / count)
    }
  }
}

extension Binding {
  /// The elements of a tensor of statistics, `[2][channels]`, where there is one.
  mutating func statistics(_ tensor: Tensor?, channels: Int) throws(BackendError) -> UnsafeMutablePointer<Float>? {
    guard let tensor else { return nil }
    try require(
      tensor.shape == Shape(1, 1, 2, channels) && tensor.isDense,
      "\(tensor.storage.name) is \(tensor.shape) with pixel stride \(tensor.pixelStride), not 1×1×2×\(channels) dense")
    return try float32(tensor).pointer
  }
}
