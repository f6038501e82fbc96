import CVectorLoops
import Runtime

/// 2×2 max-pooling of a batch normalization's output, on blocks of pixels that are in the cache: whole pairs of rows of
/// a `[N, H, W, C]` tensor.
struct FusedPooling {
  /// Forward the maxima, backward their gradients.
  private let pooled: HostTensor<Float>
  private let indices: HostTensor<UInt8>
  private let height: Int
  private let width: Int

  private static let window = 2

  /// A row of the pooled map.
  private var size: vector_size { vector_size(rows: pooled.width, columns: pooled.channels) }

  /// Nil where there is no pooling.
  /// - Parameter larger: the tensor that is pooled, or its gradient.
  init?(_ pooling: BatchNormalizationPooling?, of larger: Tensor, _ binding: inout Binding) throws(BackendError) {
    guard let pooling else { return nil }
    pooled = try binding.float32(pooling.output)
    indices = try binding.uint8(pooling.indices)
    (height, width) = (larger.shape.height, larger.shape.width)
  }

  /// Returns the pixels that blocks must be a multiple of to be whole pairs of rows: those of an image where its height
  /// is odd.
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
        body(image, y / 2)
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
        pooled.pixels(image, row), vector_places(indices, image, row), larger.image(image, from: 2 * row), size,
        Self.window)
    }
  }

  /// Writes `gradient` of `pixels` plus the gradient through the maxima to `sum`, dense.
  func addGradient(of pixels: Range<Int>, to gradient: HostTensor<Float>, into sum: UnsafeMutablePointer<Float>) {
    let channels = gradient.channels
    // Pixels in no square keep their gradient alone.
    if !height.isMultiple(of: 2) || !width.isMultiple(of: 2) {
      for pixel in pixels {
        (sum + (pixel - pixels.lowerBound) * channels).update(
          from: gradient.pixel(pixel), count: channels)
      }
    }
    forEachRow(in: pixels) { image, row in
      let pixel = (image * height + 2 * row) * width
      vector_max_pooling_backward(
        vector_pixels(
          start: sum + (pixel - pixels.lowerBound) * channels, pixel_stride: channels, row_stride: width * channels),
        gradient.image(image, from: 2 * row), pooled.pixels(image, row), vector_places(indices, image, row), size,
        Self.window)
    }
  }

  /// Returns the gradient of one element through its maximum.
  func gradient(pixel: Int, channel: Int) -> Float {
    let (row, x) = pixel.quotientAndRemainder(dividingBy: width)
    let (image, y) = row.quotientAndRemainder(dividingBy: height)
    guard y / 2 < pooled.height, x / 2 < pooled.width else { return 0 }
    let place = Int(indices.row(image, y / 2)[x / 2 * indices.pixelStride + channel])
    return place == y % 2 * 2 + x % 2 ? pooled.row(image, y / 2)[x / 2 * pooled.pixelStride + channel] : 0
  }
}
