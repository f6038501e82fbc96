import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: BatchNormalizationForward) -> PlannedOperation {
    let shape = operation.input.shape
    var workspace = Workspace()
    let momentsPlan: BatchMoments.Plan =
      if let statistics = operation.statistics {
        .given(statistics)
      } else {
        .measured(ChannelMoments.Plan(operation.input, pool: pool, &workspace))
      }
    let layout = ChannelLayout(
      shape, isDense: operation.input.isDense && operation.output.isDense,
      wholePixels: operation.pooling == nil ? nil : FusedPooling.blockPixels(shape))
    let (channels, count) = (shape.channels, Double(operation.population))
    let (epsilon, momentum) = (Double(operation.epsilon), operation.momentum)
    return PlannedOperation(operation.title, workspace) { [pool] binding throws(BackendError) in
      let input = try binding.float32(operation.input)
      let scale = try binding.vector(operation.scale)
      let shift = try binding.vector(operation.shift)
      let runningMean = try binding.vector(operation.runningMean)
      let runningVariance = try binding.vector(operation.runningVariance)
      let savedMean = try binding.vector(operation.savedMean)
      let savedInverseDeviation = try binding.vector(operation.savedInverseDeviation)
      let moments: BatchMoments =
        switch momentsPlan {
        case .given(let statistics): .given(try binding.vector(statistics), channels: channels, count: count)
        case .measured(let plan): .measured(try ChannelMoments(plan, of: input, binding))
        }
      let normalization = ChannelNormalization(
        layout, input: input, output: try binding.float32(operation.output), activation: operation.activation,
        pooling: try FusedPooling(operation.pooling, of: operation.output, &binding), &binding)
      return {
        moments.run(on: pool)
        for c in 0..<channels {
          let (mean, squares) = moments[c]
          let inverseDeviation = 1 / (squares / count + epsilon).squareRoot()
          savedMean[c] = Float(mean)
          savedInverseDeviation[c] = Float(inverseDeviation)
          runningMean[c] += momentum * (Float(mean) - runningMean[c])
          // PyTorch has no unbiased variance of one element either; the biased one, 0, keeps the number finite.
          runningVariance[c] += momentum * (Float(squares / max(count - 1, 1)) - runningVariance[c])
          normalization.set(c, mean: mean, factor: Double(scale[c]) * inverseDeviation, shift: Double(shift[c]))
        }
        normalization.run(on: pool)
      }
    }
  }

  public func plan(_ operation: BatchNormalizationInference) -> PlannedOperation {
    let shape = operation.input.shape
    let layout = ChannelLayout(shape, isDense: operation.input.isDense && operation.output.isDense)
    let epsilon = Double(operation.epsilon)
    return PlannedOperation(operation.title) { [pool] binding throws(BackendError) in
      let scale = try binding.vector(operation.scale)
      let shift = try binding.vector(operation.shift)
      let runningMean = try binding.vector(operation.runningMean)
      let runningVariance = try binding.vector(operation.runningVariance)
      let normalization = ChannelNormalization(
        layout, input: try binding.float32(operation.input), output: try binding.float32(operation.output),
        activation: operation.activation, &binding)
      return {
        for c in 0..<shape.channels {
          normalization.set(
            c, mean: Double(runningMean[c]),
            factor: Double(scale[c]) / (Double(runningVariance[c]) + epsilon).squareRoot(), shift: Double(shift[c]))
        }
        normalization.run(on: pool)
      }
    }
  }

  public func plan(_ operation: BatchNormalizationBackward) -> PlannedOperation {
    operation.input.shape.pixelCount <= FewPixelGradients.pixelLimit
      ? planFewPixels(operation) : planManyPixels(operation)
  }

  private func planFewPixels(_ operation: BatchNormalizationBackward) -> PlannedOperation {
    PlannedOperation(operation.title) { binding throws(BackendError) in
      let vectors = try ChannelVectors(operation, &binding)
      let vectorGradients = try ChannelVectorGradients(operation, &binding)
      let gradients = try FewPixelGradients(operation, &binding)
      return {
        for c in 0..<vectors.channels {
          let sums = gradients.run(
            channel: c, scale: Double(vectors.scale[c]), shift: Double(vectors.shift[c]),
            mean: Double(vectors.savedMean[c]), inverseDeviation: Double(vectors.savedInverseDeviation[c]))
          vectorGradients.set(c, scale: sums.scaleGradient, shift: sums.shiftGradient)
        }
      }
    }
  }

  private func planManyPixels(_ operation: BatchNormalizationBackward) -> PlannedOperation {
    var workspace = Workspace()
    let plan = ChannelGradients.Plan(operation, pool: pool, &workspace)
    let count = Double(operation.input.shape.pixelCount)
    return PlannedOperation(operation.title, workspace) { [pool] binding throws(BackendError) in
      let vectors = try ChannelVectors(operation, &binding)
      let vectorGradients = try ChannelVectorGradients(operation, &binding)
      let gradients = try ChannelGradients(plan, operation, inputGradient: operation.inputGradient, &binding)
      return {
        gradients.set(vectors)
        gradients.sumUp(on: pool)
        for c in 0..<vectors.channels {
          let (shiftSum, scaleSum) = (gradients.sum[c], gradients.productSum[c] * vectors.inverseDeviation(c))
          vectorGradients.set(c, scale: scaleSum, shift: shiftSum)
          gradients.setTerms(c, vectors, shiftSum: shiftSum, scaleSum: scaleSum, count: count)
        }
        gradients.apply(on: pool)
      }
    }
  }
}

/// The vectors that batch normalization's backward pass reads, one element per channel.
struct ChannelVectors {
  let channels: Int
  let scale: UnsafeMutablePointer<Float>
  let shift: UnsafeMutablePointer<Float>
  let savedMean: UnsafeMutablePointer<Float>
  let savedInverseDeviation: UnsafeMutablePointer<Float>

  init(_ operation: BatchNormalizationBackward, _ binding: inout Binding) throws(BackendError) {
    channels = operation.input.shape.channels
    scale = try binding.vector(operation.scale)
    shift = try binding.vector(operation.shift)
    savedMean = try binding.vector(operation.savedMean)
    savedInverseDeviation = try binding.vector(operation.savedInverseDeviation)
  }

  @inline(__always)
  func inverseDeviation(_ c: Int) -> Double { Double(savedInverseDeviation[c]) }

  /// γ · inverseDeviation
  @inline(__always)
  func factor(_ c: Int) -> Double { Double(scale[c]) * inverseDeviation(c) }
}

/// The gradients of batch normalization's scale and shift, one element per channel.
struct ChannelVectorGradients {
  private let scale: UnsafeMutablePointer<Float>
  private let shift: UnsafeMutablePointer<Float>
  private let accumulate: Bool

  init(_ operation: BatchNormalizationBackward, _ binding: inout Binding) throws(BackendError) {
    scale = try binding.vector(operation.scaleGradient)
    shift = try binding.vector(operation.shiftGradient)
    accumulate = operation.accumulate
  }

  /// Writes the gradients of one channel's scale and shift, or adds to them.
  func set(_ c: Int, scale scaleGradient: Double, shift shiftGradient: Double) {
    shift[c] = (accumulate ? shift[c] : 0) + Float(shiftGradient)
    scale[c] = (accumulate ? scale[c] : 0) + Float(scaleGradient)
  }
}
