import Runtime

extension CLBackend {
  public func prepare(_ operation: Fill) throws(BackendError) -> any Launch {
    try requireType(.float32, of: operation.output, for: Fill.name)
    let extents = ElementwiseExtents([operation.output])
    let launch = CLLaunch(Fill.name, on: self)
    try launch.add(
      "fill", in: "fill.cl",
      arguments: [
        .tensor(operation.output), .ulong(extents.channels), .ulong(extents.pixels), .float(operation.value),
      ],
      over: rows(channels: extents.channels, pixels: extents.pixels))
    return launch
  }
}
