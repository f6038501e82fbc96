import Runtime

extension VectorSuite {
  static let maxPooling = VectorSuite(MaxPoolingForward.self, file: "max_pooling") { vectors in
    let window: Int = try vectors.option("window")
    var forward = VectorTensors(vectors)
    let forwardOperation = MaxPoolingForward(
      input: try forward.input("input"), output: try forward.output("output"), indices: try forward.output("indices"),
      window: window)
    var backward = VectorTensors(vectors)
    let backwardOperation = MaxPoolingBackward(
      outputGradient: try backward.input("outputGradient"), indices: try backward.input("indices"),
      inputGradient: try backward.output("inputGradient"), window: window)
    return [forward.instance(forwardOperation), backward.instance(backwardOperation)]
  }
}
