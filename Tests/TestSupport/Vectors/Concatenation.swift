import Runtime

extension VectorSuite {
  static let concatenation = VectorSuite(Concatenation.self, file: "concatenation") { vectors in
    let count: Int = try vectors.option("inputs")
    var forward = VectorTensors(vectors)
    let forwardOperation = Concatenation(
      inputs: try (0..<count).map { try forward.input("input\($0)") }, output: try forward.output("output"))
    var backward = VectorTensors(vectors)
    let backwardOperation = Split(
      input: try backward.input("outputGradient"),
      outputs: try (0..<count).map { try backward.output("inputGradient\($0)") })
    return [forward.instance(forwardOperation), backward.instance(backwardOperation)]
  }
}
