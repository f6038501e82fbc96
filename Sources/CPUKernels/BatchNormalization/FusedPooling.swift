import CVectorLoops
import Runtime

/// Max-pooling 2×2 on top of a batch normalization, on blocks of pixels that the normalization has in the cache: whole pairs of
/// rows of a `[N, H, W, C]` tensor.
struct FusedPooling {
  /// Forward the maxima, backward their gradients.
  private let pooled: HostTensor<Float>
  private let indices: HostTensor<UInt8>
  private let height: Int
  private let width: Int
  /// Pixels that blocks must be a multiple of.
  let blockPixels: Int

  private static let window = 2

  /// - Parameter larger: what is pooled, or its gradient.
  init(_ pooling: BatchNormalizationPooling, of larger: Tensor, _ binding: inout Binding) throws(BackendError) {
    let shape = larger.shape
    let expected = Shape(shape.batch, shape.height / 2, shape.width / 2, shape.channels)
    for tensor in [pooling.output, pooling.indices] {
      try binding.require(
        tensor.shape == expected, "\(tensor.storage.name) is \(tensor.shape), not \(expected), for \(shape) pooled")
    }
    pooled = try binding.float32(pooling.output)
    indices = try binding.uint8(pooling.indices)
    height = shape.height
    width = shape.width
    blockPixels = Self.blockPixels(shape)
  }

  /// Pixels that blocks must be a multiple of to be whole pairs of rows; whole images where a row is left over in each.
  static func blockPixels(_ shape: Shape) -> Int {
    shape.height.isMultiple(of: 2) ? 2 * shape.width : shape.height * shape.width
  }

  /// Calls `body` for each row of whole squares in `pixels`: the image and the row of its pooled map.
  @inline(__always)
  private func forEachRow(in pixels: Range<Int>, _ body: (_ image: Int, _ row: Int) -> Void) {
    var row = pixels.lowerBound / width
    let end = pixels.upperBound / width
    while row < end {
      let (image, y) = row.quotientAndRemainder(dividingBy: height)
      if y + 1 < height {
        if pooled.width > 0 { body(image, y / 2) }
        row += 2
      } else {
        row += 1
      }
    }
  }

  /// Pools `pixels` of `larger`, which were just written.
  func pool(_ pixels: Range<Int>, of larger: HostTensor<Float>) {
    forEachRow(in: pixels) { image, row in
      vector_max_pooling_forward(
        pooled.row(image, row), pooled.pixelStride, indices.row(image, row), indices.pixelStride,
        larger.row(image, 2 * row), larger.pixelStride, larger.rowStride, pooled.width, pooled.channels, Self.window)
    }
  }

  /// `gradient` of `pixels` plus what comes by way of the maxima, dense.
  func addGradient(of pixels: Range<Int>, to gradient: HostTensor<Float>, into sum: UnsafeMutablePointer<Float>) {
    let channels = gradient.channels
    // Pixels in no square keep their gradient alone.
    if !height.isMultiple(of: 2) || !width.isMultiple(of: 2) {
      for pixel in pixels {
        (sum + (pixel - pixels.lowerBound) * channels).update(
          from: gradient.pointer + pixel * gradient.pixelStride, count: channels)
      }
    }
    forEachRow(in: pixels) { image, row in
      let pixel = (image * height + 2 * row) * width
      vector_max_pooling_backward(
        sum + (pixel - pixels.lowerBound) * channels, channels, width * channels, gradient.row(image, 2 * row),
        gradient.pixelStride, gradient.rowStride, pooled.row(image, row), pooled.pixelStride, indices.row(image, row),
        indices.pixelStride, pooled.width, channels, Self.window)
    }
  }

  /// What one element gets by way of its maximum.
  func gradient(pixel: Int, channel: Int) -> Float {
    let (row, x) = pixel.quotientAndRemainder(dividingBy: width)
    let (image, y) = row.quotientAndRemainder(dividingBy: height)
    guard y / 2 < pooled.height, x / 2 < pooled.width else { return 0 }
    let place = Int(indices.row(image, y / 2)[x / 2 * indices.pixelStride + channel])
    return place == y % 2 * 2 + x % 2 ? pooled.row(image, y / 2)[x / 2 * pooled.pixelStride + channel] : 0
  }
}
