import KernelCases
import Runtime

/// The suites, one for each operation that PyTorch has.
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

  static let batchGather = VectorSuite(BatchGather.self, file: "batch_gather") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = BatchGather(
      images: try tensors.input("images"), indices: try tensors.input("indices"),
      first: Variable(try vectors.option("first")), color: try tensors.output("color"),
      gray: try tensors.output("gray"),
      encoding: .rgb(scale: try vectors.option("scale"), shift: try vectors.option("shift")))
    return [tensors.instance(operation)]
  }

  static let batchNormalization = VectorSuite(BatchNormalizationForward.self, file: "batch_normalization") { vectors in
    let activation = try vectors.activation()
    var forward = VectorTensors(vectors)
    let forwardOperation = BatchNormalizationForward(
      input: try forward.input("input"), scale: try forward.input("scale"), shift: try forward.input("shift"),
      runningMean: try forward.updated("runningMean", to: "newRunningMean"),
      runningVariance: try forward.updated("runningVariance", to: "newRunningVariance"),
      savedMean: try forward.output("savedMean"),
      savedInverseDeviation: try forward.output("savedInverseDeviation"), output: try forward.output("output"),
      activation: activation)
    var inference = VectorTensors(vectors)
    let inferenceOperation = BatchNormalizationInference(
      input: try inference.input("input"), scale: try inference.input("scale"), shift: try inference.input("shift"),
      runningMean: try inference.input("runningMean"), runningVariance: try inference.input("runningVariance"),
      output: try inference.output("inferenceOutput"), activation: activation)
    var backward = VectorTensors(vectors)
    let backwardOperation = BatchNormalizationBackward(
      input: try backward.input("input"), scale: try backward.input("scale"), shift: try backward.input("shift"),
      savedMean: try backward.input("savedMean"),
      savedInverseDeviation: try backward.input("savedInverseDeviation"),
      outputGradient: try backward.input("outputGradient"), inputGradient: try backward.output("inputGradient"),
      scaleGradient: try backward.output("scaleGradient"), shiftGradient: try backward.output("shiftGradient"),
      activation: activation)
    return [
      forward.instance(forwardOperation), inference.instance(inferenceOperation), backward.instance(backwardOperation),
    ]
  }

  static let binaryCrossEntropy = VectorSuite(BinaryCrossEntropy.self, file: "binary_cross_entropy") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = BinaryCrossEntropy(
      logits: try tensors.input("logits"), target: try vectors.option("target"), loss: try tensors.addedTo("loss"),
      gradient: try tensors.output("gradient"), weight: try vectors.option("weight"))
    return [tensors.instance(operation)]
  }

  static let colorWeights = VectorSuite(ColorWeights.self, file: "color_weights") { vectors in
    var tensors = VectorTensors(vectors)
    let operation = ColorWeights(
      colors: try tensors.input("colors"), table: try tensors.input("table"), weights: try tensors.output("weights"))
    return [tensors.instance(operation)]
  }

  static let concatenation = VectorSuite(Concatenation.self, file: "concatenation") { vectors in
    let count: Int = try vectors.option("inputs")
    var forward = VectorTensors(vectors)
    let forwardOperation = Concatenation(
      inputs: try (0..<count).map { try forward.input("input\($0)") }, output: try forward.output("output"))
    var backward = VectorTensors(vectors)
    let backwardOperation = Split(
      input: try backward.input("outputGradient"),
      outputs: try (0..<count).map { try backward.output("inputGradient\($0)") })
    return [forward.instance(forwardOperation), backward.instance(backwardOperation)]
  }

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

  static let pixelwiseLoss = VectorSuite(PixelwiseLoss.self, file: "pixelwise_loss", passes: pixelwiseLoss(of:))
  /// With weights of pixels.
  static let weightedLoss = VectorSuite(PixelwiseLoss.self, file: "weighted_loss", passes: pixelwiseLoss(of:))

  @Sendable
  private static func pixelwiseLoss(of vectors: VectorCase) throws -> [CaseInstance] {
    guard let kind = PixelwiseLoss.Kind(rawValue: try vectors.option("kind")) else {
      throw VectorError.missing("kind", in: vectors.name)
    }
    var tensors = VectorTensors(vectors)
    let operation = PixelwiseLoss(
      kind, prediction: try tensors.input("prediction"), target: try tensors.input("target"),
      weights: vectors.tensorNames.contains("weights") ? try tensors.input("weights") : nil,
      loss: try tensors.addedTo("loss"), gradient: try tensors.output("gradient"), weight: try vectors.option("weight"))
    return [tensors.instance(operation)]
  }

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

  static let upsampling = VectorSuite(UpsamplingForward.self, file: "upsampling") { vectors in
    guard let mode = UpsamplingMode(rawValue: try vectors.option("mode")) else {
      throw VectorError.missing("mode", in: vectors.name)
    }
    let factor: Int = try vectors.option("factor")
    var forward = VectorTensors(vectors)
    let forwardOperation = UpsamplingForward(
      input: try forward.input("input"), output: try forward.output("output"), mode: mode, factor: factor)
    var backward = VectorTensors(vectors)
    let backwardOperation = UpsamplingBackward(
      outputGradient: try backward.input("outputGradient"), inputGradient: try backward.output("inputGradient"),
      mode: mode, factor: factor)
    return [forward.instance(forwardOperation), backward.instance(backwardOperation)]
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
