import Runtime

extension VectorSuite {
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
}
