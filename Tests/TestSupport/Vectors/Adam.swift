import Runtime

extension VectorSuite {
  /// Five steps in a row, each from PyTorch's state before it.
  static let adam = VectorSuite(Adam.self, file: "adam") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = Adam(
      parameters: try tensors.updated("parameters", to: "newParameters"), gradients: try tensors.input("gradients"),
      firstMoment: try tensors.updated("firstMoment", to: "newFirstMoment"),
      secondMoment: try tensors.updated("secondMoment", to: "newSecondMoment"),
      learningRate: Variable(try vectors.option("learningRate")), step: Variable(try vectors.option("step")),
      beta1: try vectors.option("beta1"), beta2: try vectors.option("beta2"))
    return [tensors.instance(operation)]
  }
}
