/// A tensor's elements in host memory: `pixelCount` runs of `channels` elements, `pixelStride` elements apart.
struct HostTensor<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>
  let batch: Int
  let height: Int
  let width: Int
  let channels: Int
  let pixelStride: Int

  var pixelCount: Int { batch * height * width }
  var count: Int { pixelCount * channels }
  /// Whether the elements lie without gaps, so that they may be taken for one long vector.
  var isDense: Bool { pixelStride == channels }

  /// Distance between two rows of pixels, in elements.
  var rowStride: Int { width * pixelStride }

  /// The first pixel of row `y` of `image`.
  @inline(__always)
  func row(_ image: Int, _ y: Int) -> UnsafeMutablePointer<Element> { pointer + (image * height + y) * rowStride }

  /// The view of `count` channels from channel `first` on.
  func channels(from first: Int, count: Int) -> HostTensor {
    HostTensor(
      pointer: pointer + first, batch: batch, height: height, width: width, channels: count, pixelStride: pixelStride)
  }
}
