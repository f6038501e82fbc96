import KernelCases
import Runtime

extension ReferenceBackend {
  func prepare(_ operation: ActivationForward) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.output.write(Reference.activationForward(try operation.input.read(), operation.activation))
    }
  }

  func prepare(_ operation: ActivationBackward) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.inputGradient.write(
        Reference.activationBackward(
          output: try operation.output.read(), outputGradient: try operation.outputGradient.read(), operation.activation
        ))
    }
  }

  func prepare(_ operation: Adam) throws(BackendError) -> any Launch {
    let early = (learningRate: operation.learningRate.value, step: operation.step.value)
    let fault = fault
    return try launch(operation) { () throws(BackendError) in
      let now =
        fault == .readsVariablesEarly ? early : (learningRate: operation.learningRate.value, step: operation.step.value)
      let result = Reference.adam(
        parameters: try operation.parameters.read(), gradients: try operation.gradients.read(),
        firstMoment: try operation.firstMoment.read(), secondMoment: try operation.secondMoment.read(),
        learningRate: Double(now.learningRate), step: now.step, beta1: operation.beta1, beta2: operation.beta2,
        epsilon: Double(operation.epsilon))
      try operation.parameters.write(result.parameters)
      try operation.firstMoment.write(result.firstMoment)
      try operation.secondMoment.write(result.secondMoment)
    }
  }

  func prepare(_ operation: BatchGather) throws(BackendError) -> any Launch {
    let early = operation.first.value
    let fault = fault
    return try launch(operation) { () throws(BackendError) in
      let result = Reference.batchGather(
        images: try operation.images.read(), indices: try operation.indices.read().values.map { Int($0) },
        first: fault == .readsVariablesEarly ? early : operation.first.value,
        batch: operation.color.shape.batch, operation.encoding)
      try operation.color.write(result.color)
      try operation.gray.write(result.gray)
    }
  }

  func prepare(_ operation: BatchNormalizationForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let result = Reference.batchNormalizationForward(
        input: try operation.input.read(), statistics: try operation.statistics?.read(),
        scale: try operation.scale.read(), shift: try operation.shift.read(),
        runningMean: try operation.runningMean.read(), runningVariance: try operation.runningVariance.read(),
        activation: operation.activation,
        epsilon: Double(operation.epsilon), momentum: Double(operation.momentum))
      try operation.output.write(result.output)
      if let pooling = operation.pooling {
        let pooled = Reference.maxPoolingForward(input: result.output, window: 2)
        try pooling.output.write(pooled.output)
        try pooling.indices.write(pooled.indices)
      }
      try operation.savedMean.write(result.mean)
      try operation.savedInverseDeviation.write(result.inverseDeviation)
      try operation.runningMean.write(result.runningMean)
      try operation.runningVariance.write(result.runningVariance)
    }
  }

  func prepare(_ operation: BatchNormalizationInference) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.output.write(
        Reference.batchNormalizationInference(
          input: try operation.input.read(), scale: try operation.scale.read(), shift: try operation.shift.read(),
          runningMean: try operation.runningMean.read(), runningVariance: try operation.runningVariance.read(),
          activation: operation.activation, epsilon: Double(operation.epsilon)))
    }
  }

  func prepare(_ operation: BatchNormalizationBackward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      var outputGradient = try operation.outputGradient.read()
      if let pooling = operation.pooling {
        outputGradient =
          outputGradient
          + Reference.maxPoolingBackward(
            outputGradient: try pooling.output.read(), indices: try pooling.indices.read(),
            inputShape: outputGradient.shape, window: 2)
      }
      let gradients = Reference.batchNormalizationBackward(
        input: try operation.input.read(), scale: try operation.scale.read(), shift: try operation.shift.read(),
        mean: try operation.savedMean.read(), inverseDeviation: try operation.savedInverseDeviation.read(),
        outputGradient: outputGradient, activation: operation.activation)
      try operation.inputGradient.write(gradients.inputGradient)
      try operation.scaleGradient.write(gradients.scaleGradient, accumulate: operation.accumulate)
      try operation.shiftGradient.write(gradients.shiftGradient, accumulate: operation.accumulate)
    }
  }

  func prepare(_ operation: BinaryCrossEntropy, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let result = Reference.binaryCrossEntropy(logits: try operation.logits.read(), target: Double(operation.target))
      try operation.loss.write(HostTensor(vector: [result.loss]), accumulate: true)
      try operation.gradient?.write(
        result.gradient.map { Double(operation.weight) * $0 }, accumulate: operation.accumulate)
    }
  }

  func prepare(_ operation: ExponentialMovingAverage) throws(BackendError) -> any Launch {
    let early = operation.decay.value
    let fault = fault
    return try launch(operation) { () throws(BackendError) in
      try operation.average.write(
        Reference.exponentialMovingAverage(
          values: try operation.values.read(), average: try operation.average.read(),
          decay: Double(fault == .readsVariablesEarly ? early : operation.decay.value)))
    }
  }

  func prepare(_ operation: SpectralNormalizationForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let result = Reference.spectralNormalizationForward(
        weights: try operation.weights.read(), outputVector: try operation.outputVector.read())
      try operation.output.write(result.output)
      try operation.outputVector.write(result.outputVector)
      try operation.inputVector.write(result.inputVector)
      try operation.norm.write(HostTensor(vector: [result.norm]))
    }
  }

  func prepare(_ operation: SpectralNormalizationBackward, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      try operation.gradient.write(
        Reference.spectralNormalizationBackward(
          output: try operation.output.read(), outputVector: try operation.outputVector.read(),
          inputVector: try operation.inputVector.read(), norm: Double(try operation.norm.read()[0]),
          gradient: try operation.gradient.read()))
    }
  }

  func prepare(_ operation: L1Loss, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let result = Reference.l1Loss(prediction: try operation.prediction.read(), target: try operation.target.read())
      try operation.loss.write(HostTensor(vector: [result.loss]), accumulate: true)
      try operation.gradient?.write(
        result.gradient.map { Double(operation.weight) * $0 }, accumulate: operation.accumulate)
    }
  }

  func prepare(_ operation: MeanSquaredError, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let result = Reference.meanSquaredError(
        prediction: try operation.prediction.read(), target: try operation.target.read())
      try operation.loss.write(HostTensor(vector: [result.loss]), accumulate: true)
      try operation.gradient?.write(
        result.gradient.map { Double(operation.weight) * $0 }, accumulate: operation.accumulate)
    }
  }

  func prepare(_ operation: Concatenation) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      var inputs: [HostTensor] = []
      for input in operation.inputs { inputs.append(try input.read()) }
      try operation.output.write(Reference.concatenation(inputs))
    }
  }

  func prepare(_ operation: Split) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      let parts = Reference.split(try operation.input.read(), channels: operation.outputs.map(\.shape.channels))
      for (output, part) in zip(operation.outputs, parts) { try output.write(part) }
    }
  }

  func prepare(_ operation: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let output = Reference.convolutionForward(
        input: try operation.input.read(), weights: try operation.weights.read(), bias: try operation.bias?.read(),
        operation.geometry)
      try operation.output.write(output)
      try operation.statistics?.write(Reference.channelStatistics(output))
    }
  }

  func prepare(_ operation: ConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      try operation.inputGradient.write(
        Reference.convolutionBackwardData(
          outputGradient: try operation.outputGradient.read(), weights: try operation.weights.read(),
          inputShape: operation.inputGradient.shape, operation.geometry))
    }
  }

  func prepare(_ operation: ConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let outputGradient = try operation.outputGradient.read()
      try operation.weightsGradient.write(
        Reference.convolutionBackwardFilter(
          input: try operation.input.read(), outputGradient: outputGradient, operation.geometry),
        accumulate: operation.accumulate)
      try operation.biasGradient?.write(
        Reference.biasGradient(outputGradient: outputGradient), accumulate: operation.accumulate)
    }
  }

  func prepare(_ operation: TransposedConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      try operation.output.write(
        Reference.transposedConvolutionForward(
          input: try operation.input.read(), weights: try operation.weights.read(), bias: try operation.bias?.read(),
          outputShape: operation.output.shape, operation.geometry))
    }
  }

  func prepare(_ operation: TransposedConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      try operation.inputGradient.write(
        Reference.transposedConvolutionBackwardData(
          outputGradient: try operation.outputGradient.read(), weights: try operation.weights.read(),
          inputShape: operation.inputGradient.shape, operation.geometry))
    }
  }

  func prepare(_ operation: TransposedConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    try launch(operation, workspace: workspace) { () throws(BackendError) in
      let outputGradient = try operation.outputGradient.read()
      try operation.weightsGradient.write(
        Reference.transposedConvolutionBackwardFilter(
          input: try operation.input.read(), outputGradient: outputGradient, operation.geometry),
        accumulate: operation.accumulate)
      try operation.biasGradient?.write(
        Reference.biasGradient(outputGradient: outputGradient), accumulate: operation.accumulate)
    }
  }

  func prepare(_ operation: Fill) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.output.write(Reference.fill(operation.output.shape, value: Double(operation.value)))
    }
  }

  func prepare(_ operation: RandomFill) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.output.write(
        Reference.randomFill(
          operation.output.shape, operation.distribution, seed: operation.seed, stream: operation.stream))
    }
  }

  func prepare(_ operation: MaxPoolingForward) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      let result = Reference.maxPoolingForward(input: try operation.input.read(), window: operation.window)
      try operation.output.write(result.output)
      try operation.indices?.write(result.indices)
    }
  }

  func prepare(_ operation: MaxPoolingBackward) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.inputGradient.write(
        Reference.maxPoolingBackward(
          outputGradient: try operation.outputGradient.read(), indices: try operation.indices.read(),
          inputShape: operation.inputGradient.shape, window: operation.window),
        accumulate: operation.accumulate)
    }
  }

  func prepare(_ operation: UpsamplingForward) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.output.write(
        Reference.upsamplingForward(input: try operation.input.read(), mode: operation.mode, factor: operation.factor))
    }
  }

  func prepare(_ operation: UpsamplingBackward) throws(BackendError) -> any Launch {
    try launch(operation) { () throws(BackendError) in
      try operation.inputGradient.write(
        Reference.upsamplingBackward(
          outputGradient: try operation.outputGradient.read(), inputShape: operation.inputGradient.shape,
          mode: operation.mode, factor: operation.factor
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
  func workspaceByteCount(_ operation: SpectralNormalizationForward) -> Int { 0 }
  func workspaceByteCount(_ operation: SpectralNormalizationBackward) -> Int { 0 }
  func workspaceByteCount(_ operation: TransposedConvolutionForward) -> Int { 0 }
  func workspaceByteCount(_ operation: TransposedConvolutionBackwardData) -> Int { 0 }
  func workspaceByteCount(_ operation: TransposedConvolutionBackwardFilter) -> Int { 0 }
}
