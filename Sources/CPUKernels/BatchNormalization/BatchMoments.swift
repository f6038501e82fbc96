import Runtime

/// Where batch normalization has the moments of its input from.
enum BatchMoments {
  /// A pass over the input.
  case measured(ChannelMoments)
  /// The convolution before it: means, then biased variances, `[2][channels]`.
  case given(UnsafeMutablePointer<Float>, channels: Int, count: Double)

  func run(on pool: ThreadPool) {
    if case .measured(let moments) = self { moments.run(on: pool) }
  }

  /// After `run`: a channel's mean and sum of squared deviations.
  @inline(__always)
  subscript(channel: Int) -> (mean: Double, squares: Double) {
    switch self {
    case .measured(let moments): (moments.mean[channel], moments.squares[channel])
    case .given(let statistics, let channels, let count):
      (Double(statistics[channel]), Double(statistics[channels + channel]) * count)
    }
  }
}
