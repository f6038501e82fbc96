import KernelCases
import Runtime

extension ReferenceBackend {
  func prepare(_ o: ActivationForward) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.output.write(Reference.activationForward(try o.input.read(), o.activation))
    }
  }

  func prepare(_ o: ActivationBackward) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.inputGradient.write(
        Reference.activationBackward(
          output: try o.output.read(), outputGradient: try o.outputGradient.read(), o.activation))
    }
  }

  func prepare(_ o: Adam) throws(BackendError) -> any Launch {
    let early = (learningRate: o.learningRate.value, step: o.step.value)
    let fault = fault
    return try launch(o) { () throws(BackendError) in
      let now = fault == .readsVariablesEarly ? early : (learningRate: o.learningRate.value, step: o.step.value)
      let result = Reference.adam(
        parameters: try o.parameters.read(), gradients: try o.gradients.read(),
        firstMoment: try o.firstMoment.read(), secondMoment: try o.secondMoment.read(),
        learningRate: Double(now.learningRate), step: now.step, beta1: o.beta1, beta2: o.beta2,
        epsilon: Double(o.epsilon))
      try o.parameters.write(result.parameters)
      try o.firstMoment.write(result.firstMoment)
      try o.secondMoment.write(result.secondMoment)
    }
  }

  func prepare(_ o: BatchGather) throws(BackendError) -> any Launch {
    let early = o.first.value
    let fault = fault
    return try launch(o) { () throws(BackendError) in
      let result = Reference.batchGather(
        images: try o.images.read(), indices: try o.indices.read().values.map { Int($0) },
        first: fault == .readsVariablesEarly ? early : o.first.value,
        batch: o.color.shape.batch, scale: Double(o.scale), shift: Double(o.shift))
      try o.color.write(result.color)
      try o.gray.write(result.gray)
    }
  }

  func prepare(_ o: BatchNormalizationForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      let result = Reference.batchNormalizationForward(
        input: try o.input.read(), scale: try o.scale.read(), shift: try o.shift.read(),
        runningMean: try o.runningMean.read(), runningVariance: try o.runningVariance.read(), activation: o.activation,
        epsilon: Double(o.epsilon), momentum: Double(o.momentum))
      try o.output.write(result.output)
      try o.savedMean.write(result.mean)
      try o.savedInverseDeviation.write(result.inverseDeviation)
      try o.runningMean.write(result.runningMean)
      try o.runningVariance.write(result.runningVariance)
    }
  }

  func prepare(_ o: BatchNormalizationInference) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.output.write(
        Reference.batchNormalizationInference(
          input: try o.input.read(), scale: try o.scale.read(), shift: try o.shift.read(),
          runningMean: try o.runningMean.read(), runningVariance: try o.runningVariance.read(),
          activation: o.activation, epsilon: Double(o.epsilon)))
    }
  }

  func prepare(_ o: BatchNormalizationBackward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      let gradients = Reference.batchNormalizationBackward(
        input: try o.input.read(), scale: try o.scale.read(), shift: try o.shift.read(),
        mean: try o.savedMean.read(), inverseDeviation: try o.savedInverseDeviation.read(),
        outputGradient: try o.outputGradient.read(), activation: o.activation)
      try o.inputGradient.write(gradients.inputGradient)
      try o.scaleGradient.write(gradients.scaleGradient, accumulate: o.accumulate)
      try o.shiftGradient.write(gradients.shiftGradient, accumulate: o.accumulate)
    }
  }

  func prepare(_ o: BinaryCrossEntropy, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      let result = Reference.binaryCrossEntropy(logits: try o.logits.read(), target: Double(o.target))
      try o.loss.write(HostTensor(vector: [result.loss]), accumulate: true)
      try o.gradient?.write(result.gradient.map { Double(o.weight) * $0 }, accumulate: o.accumulate)
    }
  }

  func prepare(_ o: L1Loss, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      let result = Reference.l1Loss(prediction: try o.prediction.read(), target: try o.target.read())
      try o.loss.write(HostTensor(vector: [result.loss]), accumulate: true)
      try o.gradient?.write(result.gradient.map { Double(o.weight) * $0 }, accumulate: o.accumulate)
    }
  }

  func prepare(_ o: MeanSquaredError, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      let result = Reference.meanSquaredError(prediction: try o.prediction.read(), target: try o.target.read())
      try o.loss.write(HostTensor(vector: [result.loss]), accumulate: true)
      try o.gradient?.write(result.gradient.map { Double(o.weight) * $0 }, accumulate: o.accumulate)
    }
  }

  func prepare(_ o: Concatenation) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      var inputs: [HostTensor] = []
      for input in o.inputs { inputs.append(try input.read()) }
      try o.output.write(Reference.concatenation(inputs))
    }
  }

  func prepare(_ o: Split) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      let parts = Reference.split(try o.input.read(), channels: o.outputs.map(\.shape.channels))
      for (output, part) in zip(o.outputs, parts) { try output.write(part) }
    }
  }

  func prepare(_ o: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      try o.output.write(
        Reference.convolutionForward(
          input: try o.input.read(), weights: try o.weights.read(), bias: try o.bias?.read(), o.geometry))
    }
  }

  func prepare(_ o: ConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      try o.inputGradient.write(
        Reference.convolutionBackwardData(
          outputGradient: try o.outputGradient.read(), weights: try o.weights.read(),
          inputShape: o.inputGradient.shape, o.geometry))
    }
  }

  func prepare(_ o: ConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      let outputGradient = try o.outputGradient.read()
      try o.weightsGradient.write(
        Reference.convolutionBackwardFilter(input: try o.input.read(), outputGradient: outputGradient, o.geometry),
        accumulate: o.accumulate)
      try o.biasGradient?.write(Reference.biasGradient(outputGradient: outputGradient), accumulate: o.accumulate)
    }
  }

  func prepare(_ o: TransposedConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      try o.output.write(
        Reference.transposedConvolutionForward(
          input: try o.input.read(), weights: try o.weights.read(), bias: try o.bias?.read(),
          outputShape: o.output.shape, o.geometry))
    }
  }

  func prepare(_ o: TransposedConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      try o.inputGradient.write(
        Reference.transposedConvolutionBackwardData(
          outputGradient: try o.outputGradient.read(), weights: try o.weights.read(),
          inputShape: o.inputGradient.shape, o.geometry))
    }
  }

  func prepare(_ o: TransposedConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(o, workspace: workspace) { () throws(BackendError) in
      let outputGradient = try o.outputGradient.read()
      try o.weightsGradient.write(
        Reference.transposedConvolutionBackwardFilter(
          input: try o.input.read(), outputGradient: outputGradient, o.geometry),
        accumulate: o.accumulate)
      try o.biasGradient?.write(Reference.biasGradient(outputGradient: outputGradient), accumulate: o.accumulate)
    }
  }

  func prepare(_ o: Fill) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.output.write(Reference.fill(o.output.shape, value: Double(o.value)))
    }
  }

  func prepare(_ o: RandomFill) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.output.write(Reference.randomFill(o.output.shape, o.distribution, seed: o.seed, stream: o.stream))
    }
  }

  func prepare(_ o: MaxPoolingForward) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      let result = Reference.maxPoolingForward(input: try o.input.read(), window: o.window)
      try o.output.write(result.output)
      try o.indices?.write(result.indices)
    }
  }

  func prepare(_ o: MaxPoolingBackward) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.inputGradient.write(
        Reference.maxPoolingBackward(
          outputGradient: try o.outputGradient.read(), indices: try o.indices.read(),
          inputShape: o.inputGradient.shape, window: o.window),
        accumulate: o.accumulate)
    }
  }

  func prepare(_ o: UpsamplingForward) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.output.write(Reference.upsamplingForward(input: try o.input.read(), mode: o.mode, factor: o.factor))
    }
  }

  func prepare(_ o: UpsamplingBackward) throws(BackendError) -> any Launch {
    try launch(o) { () throws(BackendError) in
      try o.inputGradient.write(
        Reference.upsamplingBackward(
          outputGradient: try o.outputGradient.read(), inputShape: o.inputGradient.shape, mode: o.mode, factor: o.factor
        ))
    }
  }

  // Scratch memory is not needed; some is asked for, so that the runner has one to guard.

  func workspaceByteCount(_ operation: BatchNormalizationForward) -> Int { 0 }
  func workspaceByteCount(_ operation: BatchNormalizationBackward) -> Int { 0 }
  func workspaceByteCount(_ operation: BinaryCrossEntropy) -> Int { 0 }
  func workspaceByteCount(_ operation: ConvolutionForward) -> Int { 100 }
  func workspaceByteCount(_ operation: ConvolutionBackwardData) -> Int { 0 }
  func workspaceByteCount(_ operation: ConvolutionBackwardFilter) -> Int { 0 }
  func workspaceByteCount(_ operation: L1Loss) -> Int { 0 }
  func workspaceByteCount(_ operation: MeanSquaredError) -> Int { 0 }
  func workspaceByteCount(_ operation: TransposedConvolutionForward) -> Int { 0 }
  func workspaceByteCount(_ operation: TransposedConvolutionBackwardData) -> Int { 0 }
  func workspaceByteCount(_ operation: TransposedConvolutionBackwardFilter) -> Int { 0 }
}
