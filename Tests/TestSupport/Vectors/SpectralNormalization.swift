import Runtime

extension VectorSuite {
  static let spectralNormalization = VectorSuite(SpectralNormalizationForward.self, file: "spectral_normalization") {
    vectors in
    var forward = VectorTensors(vectors)
    let normalization = SpectralNormalizationForward(
      weights: try forward.input("weights"), outputVector: try forward.updated("outputVector", to: "newOutputVector"),
      inputVector: try forward.output("inputVector"), norm: try forward.output("norm"),
      output: try forward.output("output"))
    var backward = VectorTensors(vectors)
    let gradient = SpectralNormalizationBackward(
      output: try backward.input("output"), outputVector: try backward.input("newOutputVector"),
      inputVector: try backward.input("inputVector"), norm: try backward.input("norm"),
      gradient: try backward.updated("gradient", to: "newGradient"))
    return [forward.instance(normalization), backward.instance(gradient)]
  }
}
