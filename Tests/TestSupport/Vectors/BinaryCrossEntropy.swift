import Runtime

extension VectorSuite {
  static let binaryCrossEntropy = VectorSuite(BinaryCrossEntropy.self, file: "binary_cross_entropy") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = BinaryCrossEntropy(
      logits: try tensors.input("logits"), target: try vectors.option("target"), loss: try tensors.addedTo("loss"),
      gradient: try tensors.output("gradient"), weight: try vectors.option("weight"))
    return [tensors.instance(operation)]
  }
}
