import Runtime

extension CLBackend {
  /// A launch of one kernel with one work-item per element of `tensors`, which all hold floats and have one shape.
  ///
  /// The kernel's parameters: pointer, offset and pixel stride of each tensor; `ulong channels`, `ulong pixels`; then
  /// `arguments`. Where all tensors are dense there is no need to tell pixels apart, and they count as one long row of
  /// channels.
  func elementwise(
    _ kernel: String, in file: String, definitions: KeyValuePairs<String, any KernelConstant> = [:],
    of tensors: [Tensor], arguments: [KernelArgument] = [], for operation: String
  ) throws(BackendError) -> any Launch {
    let launch = CLLaunch(operation, on: self)
    try addElementwise(
      kernel, in: file, definitions: definitions, of: tensors, arguments: arguments, for: operation, to: launch)
    return launch
  }

  /// Appends such a kernel to `launch`.
  func addElementwise(
    _ kernel: String, in file: String, definitions: KeyValuePairs<String, any KernelConstant> = [:],
    of tensors: [Tensor], arguments: [KernelArgument] = [], for operation: String, to launch: CLLaunch
  ) throws(BackendError) {
    try requireSameShape(tensors, for: operation)
    let dense = tensors.allSatisfy(\.isDense)
    let channels = dense ? tensors[0].shape.count : tensors[0].shape.channels
    let pixels = dense ? 1 : tensors[0].shape.pixelCount
    try launch.add(
      kernel, in: file, definitions: definitions,
      arguments: tensors.map { .tensor($0) } + [.ulong(channels), .ulong(pixels)] + arguments,
      over: rows(channels: channels, pixels: pixels))
  }
}
