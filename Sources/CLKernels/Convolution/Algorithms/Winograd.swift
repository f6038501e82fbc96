import Runtime

/// Winograd's F(4 × 4, 3 × 3) (Lavin and Gray, 2015, arXiv:1509.09308); convolution_winograd_transforms.h has the
/// formulas.
enum Winograd {
  /// Elements of the transform domain for a tile.
  static let transformedCount = 36

  /// Whether it can compute `problem`: 3 × 3 kernels with a stride and a padding of 1.
  static func fits(_ problem: ConvolutionProblem) -> Bool {
    // The weights' gradient of a transposed convolution would want its taps in reverse order.
    problem.geometry == ConvolutionGeometry(kernel: 3, stride: 1, padding: 1)
      && (problem.target != .weights || problem.weightsInput == .image)
  }

  /// Whether the driver can build the CPU bodies; Mesa's rusticl 22.3 takes more than minutes.
  static func vectorsBuild(on device: CLDevice) -> Bool { device.platformName != "rusticl" }

  /// Bytes that a work-item of the CPU bodies may have on its thread's stack; the usual stack is 8 MiB.
  static let largestPrivateByteCount = 1 << 20

  /// Tiles that take 32 MiB when transformed, input and output, which the second-level caches of large GPUs hold.
  static func passTiles(_ problem: ConvolutionProblem, multipleOf step: Int) -> Int {
    let channels = problem.image.shape.channels + problem.map.shape.channels
    let fitting = (32 << 20) / (transformedCount * channels * ElementType.float32.byteCount)
    return min(max(ceilDivide(256, step), fitting / step) * step, mostPassTiles)
  }
  static let mostPassTiles = 1 << 20

  /// Elements of the tensors that the GPU bodies read and write at a time.
  static func vectorWidth(_ problem: ConvolutionProblem) -> Int { commonVectorWidth([problem.image, problem.map]) }

  /// Appends the kernel of convolution_winograd.cl that input-transforms `count` tiles of `tensor`, to `start` floats
  /// into the workspace.
  static func addInputTransform(
    _ tensor: Tensor, first: Int, count: Int, _ definitions: KeyValuePairs<String, any KernelConstant>,
    into workspace: CLMemory, at start: Int, to launch: CLLaunch
  ) throws(BackendError) {
    let shape = tensor.shape
    try launch.add(
      "convolution_winograd_input", in: "convolution_winograd.cl", definitions: definitions,
      arguments: [
        .tensor(tensor), .int(shape.height), .int(shape.width), .int(shape.channels), .int(first), .int(count),
        .memory(workspace), .ulong(start),
      ], over: launch.backend.rows(channels: shape.channels, pixels: count))
  }

  /// Tiles of 4 × 4 pixels of a batch.
  static func tiles(of shape: Shape) -> Int {
    shape.batch * ceilDivide(shape.height, 4) * ceilDivide(shape.width, 4)
  }

  /// A full tile takes a quarter of its pixels' multiply-adds. The transforms cost up to half of what that saves, so
  /// two thirds of the tiles' pixels should exist.
  static func fillsTiles(_ shape: Shape) -> Bool {
    isMap2x2(shape) || tiles(of: shape) * 16 * 2 <= shape.pixelCount * 3
  }

  /// Whether the CPU bodies take a whole map as one tile, with 9 products for 4 pixels.
  static func isMap2x2(_ shape: Shape) -> Bool { shape.height == 2 && shape.width == 2 }
}

extension AlgorithmAccuracy {
  /// The transforms round: with the interpolation points ±1/√2 and ±√2 the error of random data stays within a few
  /// 1e-6.
  static let winograd = AlgorithmAccuracy(tolerance: 1e-5, isExactOnWholeNumbers: false)
}
