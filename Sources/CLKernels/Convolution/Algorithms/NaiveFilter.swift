import Runtime

/// convolution_naive.cl: plain loops, one work-item per weight. The reference for all other algorithms.
struct NaiveFilter: ConvolutionAlgorithm {
  init() {}
  init(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {}

  var kind: AlgorithmKind { .naive }
  var neighbours: [Self] { [] }
  var description: String { "naive" }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool { true }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
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
