import Runtime

/// convolution_naive.cl: plain loops, one work-item per weight. What all other ways are checked against.
public struct NaiveFilter: Codable, Hashable, Sendable {
  init() {}
}

extension NaiveFilter: FilterImplementation {
  var neighbours: [Self] { [] }
  public var description: String { "naive" }

  func isUsable(for filter: ConvolutionFilter, on backend: CLBackend) -> Bool { true }

  func workspaceByteCount(for filter: ConvolutionFilter) -> Int { 0 }

  func add(_ filter: ConvolutionFilter, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let (rows, columns, geometry) = (filter.rows, filter.columns, filter.geometry)
    let (image, map) = (filter.sampled.shape, filter.grid.shape)
    try launch.add(
      "convolution_naive_filter", in: "convolution_naive.cl",
      arguments: [
        .tensor(rows), .int(rows.shape.channels), .tensor(columns), .int(columns.shape.channels),
        .tensor(filter.weightsGradient), .int(filter.samplesRows ? 1 : 0), .int(map.batch), .int(image.height),
        .int(image.width), .int(map.height), .int(map.width), .int(geometry.kernelHeight), .int(geometry.kernelWidth),
        .int(geometry.stride), .int(geometry.padding), .int(filter.accumulate ? 1 : 0),
      ],
      over: backend.rows(channels: columns.shape.channels, pixels: geometry.taps * rows.shape.channels))
  }
}
