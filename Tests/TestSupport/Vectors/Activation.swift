import Runtime

extension VectorSuite {
  static let activation = VectorSuite(ActivationForward.self, file: "activation") { vectors in
    guard let activation = try vectors.activation() else { throw VectorError.missing("activation", in: vectors.name) }
    var forward = VectorTensors(vectors)
    let forwardOperation = ActivationForward(
      input: try forward.input("input"), output: try forward.output("output"), activation: activation)
    var backward = VectorTensors(vectors)
    let backwardOperation = ActivationBackward(
      output: try backward.input("output"), outputGradient: try backward.input("outputGradient"),
      inputGradient: try backward.output("inputGradient"), activation: activation)
    return [forward.instance(forwardOperation), backward.instance(backwardOperation)]
  }
}
