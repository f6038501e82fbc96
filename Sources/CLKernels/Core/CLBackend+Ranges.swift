import Runtime

extension CLBackend {
  /// Work-items of a group that spans `channels` neighbouring elements of some pixels, for element-wise kernels.
  private var preferredGroupSize: Int {
    // A CPU driver runs a group as one loop, so a long one costs less per element.
    min(device.kind == .cpu ? 1024 : 256, device.maximumWorkGroupSize)
  }

  /// Work-items of a group in a reduction: a power of two.
  var reductionGroupSize: Int {
    var size = 256
    while size > device.maximumWorkGroupSize { size /= 2 }
    return size
  }

  /// Neighbouring elements that one work-item of a vector kernel takes: a vector register of a CPU, 16 bytes of a GPU, where
  /// neighbouring work-items take neighbouring elements; a divisor of `channels` unless the kernel minds the end itself.
  func vectorWidth(channels: Int?) -> Int {
    let widths = bodies == .cpu ? [16, 8, 4, 2] : [4, 2]
    return widths.first { channels?.isMultiple(of: $0) ?? true } ?? 1
  }

  /// A range for a kernel with one work-item per element of `pixels` rows of `channels` elements: direction 0 counts
  /// channels, directions 1 and 2 together count pixels (`row_index()` in common.h). Both are rounded up.
  func rows(channels: Int, pixels: Int) -> CLRange {
    let size = preferredGroupSize
    // Few channels: all in one group, and as many pixels as still fit. Many: the waste at the end stays under one group.
    let width = channels <= size ? channels : size / 4
    let height = channels <= size ? max(1, min(size / width, pixels)) : 1
    let groups = (pixels + height - 1) / height
    // GPUs allow at least 65,535 groups in directions 1 and 2.
    let groupsInOne = min(groups, 32_768)
    return CLRange(
      groups: ((channels + width - 1) / width, groupsInOne, (groups + groupsInOne - 1) / groupsInOne),
      local: (width, height, 1))
  }
}
