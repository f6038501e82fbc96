import CVectorLoops
import Runtime

/// Gradient of a convolution's bias: the sum of the output's gradient over all pixels, in parts of a fixed size that are
/// added in order.
struct ConvolutionBias {
  private static let partPixels = 512

  private let output: HostTensor<Float>
  private let gradient: UnsafeMutablePointer<Float>
  private let accumulate: Bool
  private let pool: ThreadPool
  private let parts: UnsafeMutablePointer<Float>

  static func workspaceByteCount(pixels: Int, channels: Int) -> Int {
    partCount(pixels) * channels * MemoryLayout<Float>.stride
  }

  private static func partCount(_ pixels: Int) -> Int { (pixels + partPixels - 1) / partPixels }

  init(
    outputGradient: HostTensor<Float>, gradient: UnsafeMutablePointer<Float>, accumulate: Bool, pool: ThreadPool,
    workspace: UnsafeMutableRawPointer
  ) {
    output = outputGradient
    self.gradient = gradient
    self.accumulate = accumulate
    self.pool = pool
    parts = workspace.assumingMemoryBound(to: Float.self)
  }

  func run() {
    let count = Self.partCount(output.pixelCount)
    pool.run(count: count) { part, _ in
      let first = part * Self.partPixels
      sum_pixels(
        output.pointer + first * output.pixelStride, output.pixelStride,
        min(Self.partPixels, output.pixelCount - first), output.channels, parts + part * output.channels, false)
    }
    sum_parts(parts, output.channels, count, output.channels, gradient, accumulate)
  }
}
