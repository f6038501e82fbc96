import Runtime

extension VectorSuite {
  static let upsampling = VectorSuite(UpsamplingForward.self, file: "upsampling") { vectors in
    guard let mode = UpsamplingMode(rawValue: try vectors.option("mode")) else {
      throw VectorError.missing("mode", in: vectors.name)
    }
    let factor: Int = try vectors.option("factor")
    var forward = VectorTensors(vectors)
    let forwardOperation = UpsamplingForward(
      input: try forward.input("input"), output: try forward.output("output"), mode: mode, factor: factor)
    var backward = VectorTensors(vectors)
    let backwardOperation = UpsamplingBackward(
      outputGradient: try backward.input("outputGradient"), inputGradient: try backward.output("inputGradient"),
      mode: mode, factor: factor)
    return [forward.instance(forwardOperation), backward.instance(backwardOperation)]
  }
}
