import CVectorLoops
import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: BatchNormalizationForward) -> Int {
    operation.statistics == nil
      ? ChannelMoments.workspaceByteCount(operation.input.shape, workerCount: pool.workerCount) : 0
  }

  public func prepare(_ operation: BatchNormalizationForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.input, operation.output)
    let input = try binding.float32(operation.input)
    let output = try binding.float32(operation.output)
    let channels = input.channels
    let scale = try binding.vector(operation.scale, count: channels)
    let shift = try binding.vector(operation.shift, count: channels)
    let runningMean = try binding.vector(operation.runningMean, count: channels)
    let runningVariance = try binding.vector(operation.runningVariance, count: channels)
    let savedMean = try binding.vector(operation.savedMean, count: channels)
    let savedInverseDeviation = try binding.vector(operation.savedInverseDeviation, count: channels)
    let count = Double(input.pixelCount)
    let moments: BatchMoments =
      if let statistics = try binding.statistics(operation.statistics, channels: channels) {
        .given(statistics, channels: channels, count: count)
      } else {
        .measured(try ChannelMoments(of: input, workspace: workspace, pool: pool, binding: &binding))
      }
    let pooling: FusedPooling? =
      if let pooling = operation.pooling {
        try FusedPooling(pooling, of: operation.output, &binding)
      } else { nil }
    let normalization = ChannelNormalization(
      input: input, output: output, activation: operation.activation, pooling: pooling)
    let epsilon = Double(operation.epsilon)
    let momentum = operation.momentum
    return binding.launch { [pool] in
      moments.run(on: pool)
      for c in 0..<channels {
        let (mean, squares) = moments[c]
        let inverseDeviation = 1 / (squares / count + epsilon).squareRoot()
        savedMean[c] = Float(mean)
        savedInverseDeviation[c] = Float(inverseDeviation)
        runningMean[c] += momentum * (Float(mean) - runningMean[c])
        // PyTorch has no unbiased variance of one element either; the biased one, 0, keeps the number finite.
        runningVariance[c] += momentum * (Float(squares / max(count - 1, 1)) - runningVariance[c])
        normalization.set(
          c, mean: mean, factor: Double(scale[c]) * inverseDeviation, shift: Double(shift[c]))
      }
      normalization.run(on: pool)
    }
  }

  public func prepare(_ operation: BatchNormalizationInference) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.input, operation.output)
    let input = try binding.float32(operation.input)
    let output = try binding.float32(operation.output)
    let channels = input.channels
    let scale = try binding.vector(operation.scale, count: channels)
    let shift = try binding.vector(operation.shift, count: channels)
    let runningMean = try binding.vector(operation.runningMean, count: channels)
    let runningVariance = try binding.vector(operation.runningVariance, count: channels)
    let normalization = ChannelNormalization(input: input, output: output, activation: operation.activation)
    let epsilon = Double(operation.epsilon)
    return binding.launch { [pool] in
      for c in 0..<channels {
        normalization.set(
          c, mean: Double(runningMean[c]),
          factor: Double(scale[c]) / (Double(runningVariance[c]) + epsilon).squareRoot(), shift: Double(shift[c]))
      }
      normalization.run(on: pool)
    }
  }

  public func workspaceByteCount(_ operation: BatchNormalizationBackward) -> Int {
    ChannelGradients.workspaceByteCount(operation, workerCount: pool.workerCount)
  }

  public func prepare(_ operation: BatchNormalizationBackward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.input, operation.outputGradient, operation.inputGradient)
    let channels = operation.input.shape.channels
    let scale = try binding.vector(operation.scale, count: channels)
    let shift = try binding.vector(operation.shift, count: channels)
    let savedMean = try binding.vector(operation.savedMean, count: channels)
    let savedInverseDeviation = try binding.vector(operation.savedInverseDeviation, count: channels)
    let scaleGradient = try binding.vector(operation.scaleGradient, count: channels)
    let shiftGradient = try binding.vector(operation.shiftGradient, count: channels)
    let accumulate = operation.accumulate
    if operation.input.shape.pixelCount <= FewPixelGradients.pixelLimit {
      let pooling: FusedPooling? =
        if let pooling = operation.pooling {
          try FusedPooling(pooling, of: operation.outputGradient, &binding)
        } else { nil }
      let gradients = FewPixelGradients(
        input: try binding.float32(operation.input), outputGradient: try binding.float32(operation.outputGradient),
        pooling: pooling, inputGradient: try binding.float32(operation.inputGradient), activation: operation.activation)
      return binding.launch {
        for c in 0..<channels {
          let sums = gradients.run(
            channel: c, scale: Double(scale[c]), shift: Double(shift[c]), mean: Double(savedMean[c]),
            inverseDeviation: Double(savedInverseDeviation[c]))
          shiftGradient[c] = (accumulate ? shiftGradient[c] : 0) + Float(sums.shiftGradient)
          scaleGradient[c] = (accumulate ? scaleGradient[c] : 0) + Float(sums.scaleGradient)
        }
      }
    }
    let gradients = try ChannelGradients(operation, workspace: workspace, pool: pool, binding: &binding)
    let count = Double(operation.input.shape.pixelCount)
    return binding.launch { [pool] in
      for c in 0..<channels {
        gradients.set(
          c, mean: savedMean[c], factor: Float(Double(scale[c]) * Double(savedInverseDeviation[c])), shift: shift[c])
      }
      gradients.sumUp(on: pool)
      for c in 0..<channels {
        let inverseDeviation = Double(savedInverseDeviation[c])
        let factor = Double(scale[c]) * inverseDeviation
        let shiftSum = gradients.sum[c]
        let scaleSum = gradients.productSum[c] * inverseDeviation
        shiftGradient[c] = (accumulate ? shiftGradient[c] : 0) + Float(shiftSum)
        scaleGradient[c] = (accumulate ? scaleGradient[c] : 0) + Float(scaleSum)
        // γ · inverseDeviation · (g − ∂β / m − x̂ · ∂γ / m), with x̂ = inverseDeviation · (x − μ)
        gradients.setTerms(
          c, slope: -factor * inverseDeviation * scaleSum / count, constant: -factor * shiftSum / count)
      }
      gradients.apply(on: pool)
    }
  }
}
