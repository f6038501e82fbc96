import Runtime

/// convolution_naive.cl: plain loops, one work-item per element of the result. The reference for all other algorithms.
struct Naive: ConvolutionAlgorithm {
  init() {}
  init(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {}

  var kind: AlgorithmKind { .naive }
  var neighbours: [Self] { [] }
  var description: String { "naive" }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool { true }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    if problem.target == .weights {
      try addFilterSum(problem, to: launch)
    } else {
      try addDataSum(problem, to: launch)
    }
  }

  private func addDataSum(_ problem: ConvolutionProblem, to launch: CLLaunch) throws(BackendError) {
    let (result, weights, geometry) = (problem.result, problem.weights, problem.geometry)
    let channels = problem.source.shape.channels
    // [taps][channels of the source][channels of the result], or with the last two exchanged.
    let transposed = problem.readsWeightsTransposed
    let tapStep = (transposed ? problem.n : channels) * weights.pixelStride
    try launch.add(
      problem.target == .map ? "convolution_naive_to_map" : "convolution_naive_to_image", in: "convolution_naive.cl",
      arguments: problem.sourceArguments + [
        .int(channels), .tensor(result), .int(result.shape.height), .int(result.shape.width), .int(problem.n),
        .int(result.shape.batch), .array(weights), .ulong(tapStep), .ulong(transposed ? 1 : weights.pixelStride),
        .ulong(transposed ? weights.pixelStride : 1),
      ] + problem.biasArguments + [
        .int(geometry.kernelHeight), .int(geometry.kernelWidth), .int(geometry.stride), .int(geometry.padding),
      ],
      over: launch.backend.rows(channels: problem.n, pixels: result.shape.pixelCount))
  }

  private func addFilterSum(_ problem: ConvolutionProblem, to launch: CLLaunch) throws(BackendError) {
    let (input, output, geometry) = (problem.inputSide, problem.outputSide, problem.geometry)
    let (image, map) = (problem.image.shape, problem.map.shape)
    try launch.add(
      "convolution_naive_filter", in: "convolution_naive.cl",
      arguments: [
        .tensor(input), .int(input.shape.channels), .tensor(output), .int(output.shape.channels),
        .tensor(problem.weights), .int(problem.weightsInput == .image ? 1 : 0), .int(map.batch), .int(image.height),
        .int(image.width), .int(map.height), .int(map.width), .int(geometry.kernelHeight), .int(geometry.kernelWidth),
        .int(geometry.stride), .int(geometry.padding), .int(problem.accumulate ? 1 : 0),
      ],
      over: launch.backend.rows(channels: output.shape.channels, pixels: geometry.taps * input.shape.channels))
  }
}
