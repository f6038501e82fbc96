import Runtime

/// The mean and the variance of each channel of a convolution's output, for the batch normalization after it: a pass over the
/// output behind any way to compute the convolution.
struct ConvolutionStatistics {
  /// `[N, H′, W′, K]`
  let output: Tensor
  /// `[1, 1, 2, K]`
  let statistics: Tensor
  private let tiling: BatchNormalizationTiling

  init(of output: Tensor, into statistics: Tensor, on backend: CLBackend) {
    self.output = output
    self.statistics = statistics
    tiling = BatchNormalizationTiling(output.shape, on: backend)
  }

  var workspaceByteCount: Int { tiling.partialsByteCount }

  /// Appends the kernels to the convolution's `launch`. `workspace` may be the convolution's own, which is done with it.
  func add(to launch: CLLaunch, on backend: CLBackend, workspace: DeviceMemory?, for name: String)
    throws(BackendError)
  {
    try backend.requireStatistics(statistics, channels: output.shape.channels, for: name)
    let partials = try backend.workspace(workspace, byteCount: workspaceByteCount, for: name)
    let definitions = tiling.definitions(nil)
    try launch.add(
      "statistics_blocks", in: "batch_normalization.cl", definitions: definitions,
      arguments: [.tensor(output), .memory(partials)] + tiling.extents + [.uint(tiling.blocks)],
      over: tiling.range(blocks: tiling.blocks))
    try launch.add(
      "combine_moments", in: "batch_normalization.cl", definitions: definitions,
      arguments: [.memory(partials), .vector(statistics)] + tiling.extents + [.uint(tiling.blocks)],
      over: tiling.range(blocks: 1))
  }
}

extension CLBackend {
  /// `tensor` holds the means and the variances of that many channels.
  func requireStatistics(_ tensor: Tensor, channels: Int, for operation: String) throws(BackendError) {
    try requireType(.float32, of: tensor, for: operation)
    try requireShape(Shape(1, 1, 2, channels), of: tensor, for: operation)
    guard tensor.isDense else {
      throw .invalidOperation(operation: operation, reason: "\(tensor.storage.name) has gaps between its elements")
    }
  }
}
