import Runtime

extension VectorSuite {
  static let meanSquaredError = VectorSuite(MeanSquaredError.self, file: "mean_squared_error") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = MeanSquaredError(
      prediction: try tensors.input("prediction"), target: try tensors.input("target"),
      loss: try tensors.addedTo("loss"), gradient: try tensors.output("gradient"), weight: try vectors.option("weight"))
    return [tensors.instance(operation)]
  }
}
