import Runtime

extension VectorSuite {
  static let batchGather = VectorSuite(BatchGather.self, file: "batch_gather") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = BatchGather(
      images: try tensors.input("images"), indices: try tensors.input("indices"),
      first: Variable(try vectors.option("first")), color: try tensors.output("color"),
      gray: try tensors.output("gray"),
      encoding: .rgb(scale: try vectors.option("scale"), shift: try vectors.option("shift")))
    return [tensors.instance(operation)]
  }
}
