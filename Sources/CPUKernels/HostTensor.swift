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
}
