import Runtime

extension VectorSuite {
  static let convolution = VectorSuite(ConvolutionForward.self, file: "convolution") { vectors in
    let geometry = try ConvolutionGeometry(of: vectors)
    var forward = VectorTensors(vectors)
    let forwardOperation = ConvolutionForward(
      input: try forward.input("input"), weights: try forward.input("weights"), bias: try forward.input("bias"),
      output: try forward.output("output"), geometry: geometry)
    var data = VectorTensors(vectors)
    let dataOperation = ConvolutionBackwardData(
      outputGradient: try data.input("outputGradient"), weights: try data.input("weights"),
      inputGradient: try data.output("inputGradient"), geometry: geometry)
    var filter = VectorTensors(vectors)
    let filterOperation = ConvolutionBackwardFilter(
      input: try filter.input("input"), outputGradient: try filter.input("outputGradient"),
      weightsGradient: try filter.output("weightsGradient"), biasGradient: try filter.output("biasGradient"),
      geometry: geometry)
    return [
      forward.instance(forwardOperation), data.instance(dataOperation), filter.instance(filterOperation),
    ]
  }
}

extension ConvolutionGeometry {
  /// From a case's options and the shape of its weights.
  init(of vectors: VectorCase) throws {
    let weights = try vectors.tensor("weights").values.shape
    self.init(
      kernelHeight: weights.batch, kernelWidth: weights.height, stride: try vectors.option("stride"),
      padding: try vectors.option("padding"))
  }
}
