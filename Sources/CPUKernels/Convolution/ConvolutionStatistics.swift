import CVectorLoops
import Runtime

/// Mean and biased variance of each channel of a convolution's output, from moments that the convolution's loops
/// compute part by part while the pixels are in registers or the cache. A part is a fixed number of tiles or positions,
/// and the parts are joined in their order, so that the result depends neither on the threads nor on how they share the
/// work.
struct ConvolutionStatistics {
  struct Plan {
    /// Pixels of each part.
    fileprivate let counts: [Double]
    fileprivate let channels: Int
    fileprivate let mean: Workspace.Part<Double>
    fileprivate let squares: Workspace.Part<Double>

    /// - Parameter counts: pixels of each part.
    init(counts: [Int], channels: Int, _ workspace: inout Workspace) {
      self.counts = counts.map(Double.init)
      self.channels = channels
      mean = workspace.add(counts.count * channels, of: Double.self)
      squares = workspace.add(counts.count * channels, of: Double.self)
    }
  }

  /// The parts' moments, `[parts][channels]`.
  let moments: vector_moments
  private let plan: Plan
  /// Means, then variances.
  private let result: UnsafeMutablePointer<Float>

  /// - Parameter result: `[2][channels]`
  init(_ plan: Plan, result: Tensor, _ binding: inout Binding) throws(BackendError) {
    self.plan = plan
    self.result = try binding.vector(result)
    moments = vector_moments(
      mean: try binding.pointer(to: plan.mean), squares: try binding.pointer(to: plan.squares))
  }

  /// Joins the parts.
  func finish() {
    vector_batch_normalization_join_parts(moments, plan.counts, plan.counts.count, plan.channels)
    let count = plan.counts.reduce(0, +)
    for c in 0..<plan.channels {
      result[c] = Float(moments.mean[c])
      result[plan.channels + c] = Float(moments.squares[c] / count)
    }
  }
}
