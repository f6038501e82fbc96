import CVectorLoops
import Runtime

/// The sizes of a convolution from a large image to a small one, or of a transposed convolution, which goes from the
/// small image to the large one with the same taps: small(y) and large(y · stride + i − padding) meet at tap i.
struct ConvolutionShape: Hashable {
  let geometry: ConvolutionGeometry
  let batch: Int
  let largeHeight: Int
  let largeWidth: Int
  let largeChannels: Int
  let smallHeight: Int
  let smallWidth: Int
  let smallChannels: Int
  /// Whether a tap's matrix is `[largeChannels][smallChannels]`, as a convolution's, and not the other way round.
  let rowsAreLarge: Bool

  /// A convolution's.
  init(input: Shape, output: Shape, geometry: ConvolutionGeometry) {
    self.init(large: input, small: output, geometry: geometry, rowsAreLarge: true)
  }

  /// A transposed convolution's.
  init(transposedInput input: Shape, output: Shape, geometry: ConvolutionGeometry) {
    self.init(large: output, small: input, geometry: geometry, rowsAreLarge: false)
  }

  private init(large: Shape, small: Shape, geometry: ConvolutionGeometry, rowsAreLarge: Bool) {
    self.geometry = geometry
    self.rowsAreLarge = rowsAreLarge
    batch = large.batch
    largeHeight = large.height
    largeWidth = large.width
    largeChannels = large.channels
    smallHeight = small.height
    smallWidth = small.width
    smallChannels = small.channels
  }

  /// Elements of one tap's matrix.
  var matrixCount: Int { largeChannels * smallChannels }
  /// Elements of the weights.
  var weightCount: Int { geometry.taps * matrixCount }
  var smallPixelCount: Int { batch * smallHeight * smallWidth }

  /// Every tap, row by row, reading the large image from the small one's positions.
  var taps: [convolution_tap] {
    (0..<geometry.taps).map { tap in
      convolution_tap(
        y: Int32(tap / geometry.kernelWidth - geometry.padding),
        x: Int32(tap % geometry.kernelWidth - geometry.padding),
        weights: tap * matrixCount)
    }
  }

  /// The taps that reach pixels of the large image at `phaseY`, `phaseX` modulo the stride, reading the small image from
  /// the phase's positions: with y = q · stride + phase, tap i reaches it from q + (phase + padding − i) / stride.
  func taps(phaseY: Int, phaseX: Int) -> [convolution_tap] {
    let stride = geometry.stride
    let y = phaseY + geometry.padding
    let x = phaseX + geometry.padding
    var taps: [convolution_tap] = []
    for i in 0..<geometry.kernelHeight where (y - i) % stride == 0 {
      for j in 0..<geometry.kernelWidth where (x - j) % stride == 0 {
        taps.append(
          convolution_tap(
            y: Int32((y - i) / stride), x: Int32((x - j) / stride),
            weights: (i * geometry.kernelWidth + j) * matrixCount))
      }
    }
    return taps
  }

  /// Throws `BackendError.invalidOperation` unless the images and the weights fit together.
  func check(_ binding: Binding, small: Tensor, large: Tensor, weights: Tensor) throws(BackendError) {
    try binding.require(
      min(geometry.kernelHeight, geometry.kernelWidth, geometry.stride) > 0 && geometry.padding >= 0,
      "the kernel is \(geometry.kernelHeight)×\(geometry.kernelWidth) with stride \(geometry.stride) and padding "
        + "\(geometry.padding)")
    try binding.require(
      largeHeight + 2 * geometry.padding >= geometry.kernelHeight
        && largeWidth + 2 * geometry.padding >= geometry.kernelWidth
        && geometry.outputShape(of: large.shape, outputChannels: smallChannels) == small.shape,
      "\(large.storage.name) of \(large.shape) and \(small.storage.name) of \(small.shape) do not fit a "
        + "\(geometry.kernelHeight)×\(geometry.kernelWidth) kernel with stride \(geometry.stride) and padding "
        + "\(geometry.padding)")
    let expected = Shape(
      geometry.kernelHeight, geometry.kernelWidth, rowsAreLarge ? largeChannels : smallChannels,
      rowsAreLarge ? smallChannels : largeChannels)
    try binding.require(
      weights.shape == expected && weights.isDense,
      "\(weights.storage.name) is \(weights.shape) with pixel stride \(weights.pixelStride), not \(expected) dense")
  }
}
