import CVectorLoops
import Runtime

/// The gradient of a convolution's bias: the sum of the output's gradient over all pixels, in parts of a fixed size
/// that are added in order.
struct BiasGradient {
  struct Plan {
    fileprivate let partCount: Int
    fileprivate let parts: Workspace.Part<Float>

    /// - Parameter shape: that of the output's gradient.
    init(_ shape: Shape, _ workspace: inout Workspace) {
      partCount = ceilDivide(shape.pixelCount, BiasGradient.partPixels)
      parts = workspace.add(partCount * shape.channels, of: Float.self)
    }
  }

  private static let partPixels = 512

  private let output: HostTensor<Float>
  private let gradient: UnsafeMutablePointer<Float>
  private let accumulate: Bool
  private let partCount: Int
  private let parts: UnsafeMutablePointer<Float>

  init(_ plan: Plan, of outputGradient: Tensor, gradient: Tensor, accumulate: Bool, _ binding: inout Binding)
    throws(BackendError)
  {
    output = try binding.float32(outputGradient)
    self.gradient = try binding.vector(gradient)
    self.accumulate = accumulate
    partCount = plan.partCount
    parts = try binding.pointer(to: plan.parts)
  }

  func run(on pool: ThreadPool) {
    pool.run(count: partCount) { part, _ in
      let first = part * Self.partPixels
      sum_pixels(
        output.pixel(first), output.pixelStride, min(Self.partPixels, output.pixelCount - first), output.channels,
        parts + part * output.channels)
    }
    sum_parts(parts, output.channels, partCount, output.channels, gradient, accumulate)
  }
}
