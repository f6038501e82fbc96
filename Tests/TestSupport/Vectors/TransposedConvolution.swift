import Runtime

extension VectorSuite {
  static let transposedConvolution = VectorSuite(
    TransposedConvolutionForward.self, file: "transposed_convolution"
  ) { vectors in
    let geometry = try ConvolutionGeometry(of: vectors)
    var forward = VectorTensors(vectors)
    let forwardOperation = TransposedConvolutionForward(
      input: try forward.input("input"), weights: try forward.input("weights"), bias: try forward.input("bias"),
      output: try forward.output("output"), geometry: geometry)
    var data = VectorTensors(vectors)
    let dataOperation = TransposedConvolutionBackwardData(
      outputGradient: try data.input("outputGradient"), weights: try data.input("weights"),
      inputGradient: try data.output("inputGradient"), geometry: geometry)
    var filter = VectorTensors(vectors)
    let filterOperation = TransposedConvolutionBackwardFilter(
      input: try filter.input("input"), outputGradient: try filter.input("outputGradient"),
      weightsGradient: try filter.output("weightsGradient"), biasGradient: try filter.output("biasGradient"),
      geometry: geometry)
    return [
      forward.instance(forwardOperation), data.instance(dataOperation), filter.instance(filterOperation),
    ]
  }
}
