import Runtime

extension CLBackend {
  /// Preferred work-items of a group that spans `channels` neighbouring elements of some pixels, for element-wise
  /// kernels.
  private var preferredGroupSize: Int {
    // A CPU driver runs a group as one loop, so a long one costs less per element.
    min(device.kind == .cpu ? 1024 : 256, device.maximumWorkGroupSize, device.maximumWorkItems[0])
  }

  /// Work-items of a group in a reduction: a power of two.
  var reductionGroupSize: Int {
    largestPowerOfTwo(256, atMost: min(device.maximumWorkGroupSize, device.maximumWorkItems[0]))
  }

  /// Returns the work-items of a group that sums up rows of `columns` columns at most, along the columns and along the
  /// rows: powers of two if `columns` is one, and less than `reductionGroupSize` where `mostRows` is.
  func reductionGroup(columns: Int, mostRows: Int = .max) -> (columns: Int, rows: Int) {
    let size = reductionGroupSize
    let columns = min(columns, size)
    return (columns, largestPowerOfTwo(size / columns, atMost: min(mostRows, device.maximumWorkItems[1])))
  }

  /// Returns `power`, a power of two, halved until it is `limit` at most; `limit` is at least 1.
  private func largestPowerOfTwo(_ power: Int, atMost limit: Int) -> Int {
    var power = power
    while power > limit { power /= 2 }
    return power
  }

  /// Neighbouring elements that one work-item of a vector kernel takes: a vector register of a CPU, 16 bytes of a GPU,
  /// where neighbouring work-items take neighbouring elements; a divisor of `channels` unless the kernel handles the
  /// remainder itself.
  func vectorWidth(channels: Int?) -> Int {
    let widths = bodies == .cpu ? [16, 8, 4, 2] : [4, 2]
    return widths.first { channels?.isMultiple(of: $0) ?? true } ?? 1
  }

  /// Returns the range of a kernel with one work-item per element of `pixels` rows of `channels` elements: direction 0
  /// counts channels, directions 1 and 2 together count pixels (`row_index()` in common.h). Both are rounded up.
  func rows(channels: Int, pixels: Int) -> CLRange {
    let size = preferredGroupSize
    // Few channels: all in one group, and as many pixels as still fit. Many: the waste at the end stays under one
    // group.
    let width = channels <= size ? channels : max(1, size / 4)
    let height = channels <= size ? max(1, min(size / width, pixels, device.maximumWorkItems[1])) : 1
    let groups = ceilDivide(pixels, height)
    // GPUs allow at least 65,535 groups in directions 1 and 2.
    let groupsInOne = min(groups, 32_768)
    return CLRange(
      groups: (ceilDivide(channels, width), groupsInOne, ceilDivide(groups, groupsInOne)),
      local: (width, height, 1))
  }

  /// Returns a plan of one kernel with one work-item per element of `tensors`, which have one shape.
  ///
  /// The kernel's parameters: pointer, offset and pixel stride of each tensor; `ulong channels`, `ulong pixels`; then
  /// `arguments`. Dense tensors count as one long row of channels.
  func planElementwise(
    _ kernel: String, in file: String, definitions: KeyValuePairs<String, any KernelConstant> = [:],
    of tensors: [Tensor], arguments: [KernelArgument] = [], for title: String
  ) -> PlannedOperation {
    plan(title) { [self] (launch) throws(BackendError) in
      try addElementwise(kernel, in: file, definitions: definitions, of: tensors, arguments: arguments, to: launch)
    }
  }

  /// Appends such a kernel to `launch`.
  func addElementwise(
    _ kernel: String, in file: String, definitions: KeyValuePairs<String, any KernelConstant> = [:],
    of tensors: [Tensor], arguments: [KernelArgument] = [], to launch: CLLaunch
  ) throws(BackendError) {
    let dense = tensors.allSatisfy(\.isDense)
    let channels = dense ? tensors[0].shape.count : tensors[0].shape.channels
    let pixels = dense ? 1 : tensors[0].shape.pixelCount
    try launch.add(
      kernel, in: file, definitions: definitions,
      arguments: tensors.map { .tensor($0) } + [.ulong(channels), .ulong(pixels)] + arguments,
      over: rows(channels: channels, pixels: pixels))
  }
}
