import Runtime

/// convolution_naive.cl: plain loops, one work-item per element of the result. The reference for all other algorithms.
struct NaiveData: ConvolutionAlgorithm {
  init() {}
  init(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {}

  var kind: AlgorithmKind { .naive }
  var neighbours: [Self] { [] }
  var description: String { "naive" }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool { true }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    let (result, weights, geometry) = (problem.result, problem.weights, problem.geometry)
    let channels = problem.source.shape.channels
    // [taps][channels of the source][channels of the result], or with the last two exchanged.
    let transposed = problem.readsWeightsTransposed
    let tapStep = (transposed ? problem.n : channels) * weights.pixelStride
    try launch.add(
      problem.target == .map ? "convolution_naive_to_map" : "convolution_naive_to_image", in: "convolution_naive.cl",
      arguments: problem.sourceArguments + [
        .int(channels), .tensor(result), .int(result.shape.height), .int(result.shape.width), .int(problem.n),
        .int(result.shape.batch), .vector(weights), .ulong(tapStep), .ulong(transposed ? 1 : weights.pixelStride),
        .ulong(transposed ? weights.pixelStride : 1),
      ] + problem.biasArguments + [
        .int(geometry.kernelHeight), .int(geometry.kernelWidth), .int(geometry.stride), .int(geometry.padding),
      ],
      over: launch.backend.rows(channels: problem.n, pixels: result.shape.pixelCount))
  }
}
