import Runtime

extension VectorSuite {
  static let l1Loss = VectorSuite(L1Loss.self, file: "l1_loss") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = L1Loss(
      prediction: try tensors.input("prediction"), target: try tensors.input("target"),
      loss: try tensors.addedTo("loss"), gradient: try tensors.output("gradient"), weight: try vectors.option("weight"))
    return [tensors.instance(operation)]
  }
}
