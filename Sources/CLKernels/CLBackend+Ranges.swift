import Runtime

extension CLBackend {
  /// Work-items of a group that spans `channels` neighbouring elements of some pixels, for element-wise kernels.
  private var preferredGroupSize: Int {
    // A CPU driver runs a group as one loop, so a long one costs less per element.
    min(device.kind == .cpu ? 1024 : 256, device.maximumWorkGroupSize)
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

/// The extents of a kernel that treats every element alike, over tensors of one shape.
struct ElementwiseExtents {
  let channels: Int
  let pixels: Int

  /// Pixels and channels of `tensors`; where all are dense there is no need to tell pixels apart, and they count as one
  /// long row.
  init(_ tensors: [Tensor]) {
    guard let shape = tensors.first?.shape else {
      (channels, pixels) = (0, 0)
      return
    }
    let dense = tensors.allSatisfy(\.isDense)
    channels = dense ? shape.count : shape.channels
    pixels = dense ? 1 : shape.pixelCount
  }
}
