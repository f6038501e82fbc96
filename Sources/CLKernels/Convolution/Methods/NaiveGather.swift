import Runtime

/// convolution_naive.cl: plain loops, one work-item per element of the output. What all other ways are checked against.
public struct NaiveGather: Codable, Hashable, Sendable {
  init() {}
}

extension NaiveGather: GatherImplementation {
  var neighbours: [Self] { [] }
  public var description: String { "naive" }

  func isUsable(for gather: ConvolutionGather, on backend: CLBackend) -> Bool { true }

  func workspaceByteCount(for gather: ConvolutionGather) -> Int { 0 }

  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let (input, weights, output, geometry) = (gather.input, gather.weights, gather.output, gather.geometry)
    // Weights are [taps][channels][columns], or [taps][columns][channels].
    let transposed = gather.readsWeightsTransposed
    let tapStep = (transposed ? gather.columns : gather.channels) * weights.pixelStride
    try launch.add(
      gather.direction == .down ? "convolution_naive_to_map" : "convolution_naive_to_image", in: "convolution_naive.cl",
      arguments: [
        .tensor(input), .int(input.shape.height), .int(input.shape.width), .int(gather.channels),
        .tensor(output), .int(output.shape.height), .int(output.shape.width), .int(gather.columns),
        .int(output.shape.batch), .vector(weights), .ulong(tapStep), .ulong(transposed ? 1 : weights.pixelStride),
        .ulong(transposed ? weights.pixelStride : 1),
      ] + (try gather.biasArguments(gather.bias, backend)) + [
        .int(geometry.kernelHeight), .int(geometry.kernelWidth), .int(geometry.stride), .int(geometry.padding),
      ],
      over: backend.rows(channels: gather.columns, pixels: output.shape.pixelCount))
  }
}
