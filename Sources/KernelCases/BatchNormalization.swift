import Foundation
import Runtime

extension Reference {
  /// The results of batch normalization over N, H and W.
  public struct BatchNormalizationResult {
    public var output: ReferenceTensor
    /// μ, `[C]`
    public var mean: ReferenceTensor
    /// 1 / √(σ² + ε), σ² the biased variance, `[C]`
    public var inverseDeviation: ReferenceTensor
    /// `[C]`
    public var runningMean: ReferenceTensor
    /// `[C]`
    public var runningVariance: ReferenceTensor
  }

  /// output = activation(γ · (x − μ) / √(σ² + ε) + β); running ← (1 − momentum) · running + momentum · statistic, the
  /// variance unbiased.
  ///
  /// - Parameters:
  ///   - input: x, `[N, H, W, C]`, two pixels at least
  ///   - statistics: means and biased variances, `[1, 1, 2, C]`, used instead of those of x.
  ///   - population: the pixels that the statistics are of; nil for those of x.
  ///   - scale: γ, `[C]`
  ///   - shift: β, `[C]`
  public static func batchNormalizationForward(
    input: ReferenceTensor, statistics: ReferenceTensor? = nil, population: Int? = nil, scale: ReferenceTensor,
    shift: ReferenceTensor, runningMean: ReferenceTensor, runningVariance: ReferenceTensor, activation: Activation?,
    epsilon: Double, momentum: Double
  ) -> BatchNormalizationResult {
    let channels = input.shape.channels
    let count = Double(population ?? input.shape.pixelCount)
    let statistics = (statistics ?? channelStatistics(input)).values
    let mean = ReferenceTensor(vector: Array(statistics.prefix(channels)))
    let variance = ReferenceTensor(vector: Array(statistics.suffix(channels)))
    var newRunningMean = runningMean
    var newRunningVariance = runningVariance
    for c in 0..<channels {
      newRunningMean[c] = (1 - momentum) * runningMean[c] + momentum * mean[c]
      newRunningVariance[c] = (1 - momentum) * runningVariance[c] + momentum * variance[c] * count / (count - 1)
    }
    return BatchNormalizationResult(
      output: batchNormalizationInference(
        input: input, scale: scale, shift: shift, runningMean: mean, runningVariance: variance, activation: activation,
        epsilon: epsilon),
      mean: mean, inverseDeviation: variance.map { 1 / sqrt($0 + epsilon) }, runningMean: newRunningMean,
      runningVariance: newRunningVariance)
  }

  /// Each channel's mean over all pixels, then each channel's biased variance, `[1, 1, 2, C]`.
  public static func channelStatistics(_ tensor: ReferenceTensor) -> ReferenceTensor {
    let channels = tensor.shape.channels
    let count = Double(tensor.shape.pixelCount)
    var statistics = ReferenceTensor(Shape(1, 1, 2, channels))
    for (index, x) in tensor.values.enumerated() { statistics[index % channels] += x / count }
    for (index, x) in tensor.values.enumerated() {
      let deviation = x - statistics[index % channels]
      statistics[channels + index % channels] += deviation * deviation / count
    }
    return statistics
  }

  /// output = activation(γ · (x − running mean) / √(running variance + ε) + β).
  public static func batchNormalizationInference(
    input: ReferenceTensor, scale: ReferenceTensor, shift: ReferenceTensor, runningMean: ReferenceTensor,
    runningVariance: ReferenceTensor,
    activation: Activation?, epsilon: Double
  ) -> ReferenceTensor {
    let channels = input.shape.channels
    var normalized = input
    for index in input.values.indices {
      let c = index % channels
      normalized[index] = scale[c] * (input[index] - runningMean[c]) / sqrt(runningVariance[c] + epsilon) + shift[c]
    }
    return activationForward(normalized, activation)
  }

  /// With g = outputGradient · activation′(γ x̂ + β), x̂ = (x − μ) · inverseDeviation, m = N · H · W: ∂β = Σ g;
  /// ∂γ = Σ g x̂; inputGradient = γ · inverseDeviation · (g − ∂β / m − x̂ · ∂γ / m).
  public static func batchNormalizationBackward(
    input: ReferenceTensor, scale: ReferenceTensor, shift: ReferenceTensor, mean: ReferenceTensor,
    inverseDeviation: ReferenceTensor,
    outputGradient: ReferenceTensor, activation: Activation?
  ) -> (inputGradient: ReferenceTensor, scaleGradient: ReferenceTensor, shiftGradient: ReferenceTensor) {
    let terms = batchNormalizationTerms(
      input: input, scale: scale, shift: shift, mean: mean, inverseDeviation: inverseDeviation,
      outputGradient: outputGradient, activation: activation)
    let count = Double(input.shape.pixelCount)
    let (scaleGradient, shiftGradient) = terms.vectorGradients
    let inputGradient = terms.inputGradient(
      factor: ReferenceTensor(vector: scale.values.indices.map { scale[$0] * inverseDeviation[$0] }),
      mean: shiftGradient.map { $0 / count }, productMean: scaleGradient.map { $0 / count })
    return (inputGradient, scaleGradient, shiftGradient)
  }

  /// g and x̂ of each element, from which all gradients of batch normalization are computed.
  struct BatchNormalizationTerms {
    let g: ReferenceTensor
    let normalized: ReferenceTensor

    /// Σ g x̂ and Σ g, vectors.
    var vectorGradients: (scale: ReferenceTensor, shift: ReferenceTensor) {
      let channels = g.shape.channels
      var scale = ReferenceTensor(Shape(vector: channels)), shift = scale
      for index in g.values.indices {
        shift[index % channels] += g[index]
        scale[index % channels] += g[index] * normalized[index]
      }
      return (scale, shift)
    }

    /// factor · (g − mean − x̂ · productMean)
    func inputGradient(factor: ReferenceTensor, mean: ReferenceTensor, productMean: ReferenceTensor)
      -> ReferenceTensor
    {
      var gradient = g
      for index in g.values.indices {
        let c = index % g.shape.channels
        gradient[index] = factor[c] * (g[index] - mean[c] - normalized[index] * productMean[c])
      }
      return gradient
    }
  }

  static func batchNormalizationTerms(
    input: ReferenceTensor, scale: ReferenceTensor, shift: ReferenceTensor, mean: ReferenceTensor,
    inverseDeviation: ReferenceTensor, outputGradient: ReferenceTensor, activation: Activation?
  ) -> BatchNormalizationTerms {
    let channels = input.shape.channels
    var normalized = input
    var output = input
    for index in input.values.indices {
      let c = index % channels
      normalized[index] = (input[index] - mean[c]) * inverseDeviation[c]
      output[index] = scale[c] * normalized[index] + shift[c]
    }
    output = activationForward(output, activation)
    return BatchNormalizationTerms(
      g: activationBackward(output: output, outputGradient: outputGradient, activation), normalized: normalized)
  }
}

extension BatchNormalizationForward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let result = Reference.batchNormalizationForward(
      input: memory[input], statistics: memory[statistics], population: population, scale: memory[scale],
      shift: memory[shift],
      runningMean: memory[runningMean], runningVariance: memory[runningVariance], activation: activation,
      epsilon: Double(epsilon), momentum: Double(momentum))
    memory[output] = result.output
    memory[savedMean] = result.mean
    memory[savedInverseDeviation] = result.inverseDeviation
    memory[runningMean] = result.runningMean
    memory[runningVariance] = result.runningVariance
    if let pooling {
      let pooled = Reference.maxPoolingForward(input: result.output, window: 2)
      memory[pooling.output] = pooled.output
      memory[pooling.indices] = pooled.indices
    }
  }
}

extension BatchNormalizationInference: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[output] = Reference.batchNormalizationInference(
      input: memory[input], scale: memory[scale], shift: memory[shift], runningMean: memory[runningMean],
      runningVariance: memory[runningVariance], activation: activation, epsilon: Double(epsilon))
  }
}

extension BatchNormalizationBackward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let gradients = Reference.batchNormalizationBackward(
      input: memory[input], scale: memory[scale], shift: memory[shift], mean: memory[savedMean],
      inverseDeviation: memory[savedInverseDeviation], outputGradient: upstreamGradient(in: memory),
      activation: activation)
    memory[inputGradient] = gradients.inputGradient
    memory.write(gradients.scaleGradient, to: scaleGradient, accumulate: accumulate)
    memory.write(gradients.shiftGradient, to: shiftGradient, accumulate: accumulate)
  }

  /// The gradient of the output, with that of its maxima.
  func upstreamGradient(in memory: ReferenceMemory) -> ReferenceTensor {
    let upstream = memory[outputGradient]
    guard let pooling else { return upstream }
    return upstream
      + Reference.maxPoolingBackward(
        outputGradient: memory[pooling.output], indices: memory[pooling.indices], inputShape: upstream.shape,
        window: 2)
  }
}

extension KernelCases {
  static func batchNormalization(_ size: CaseSize) -> [KernelCase] {
    BatchNormalizationVariant.all(size).flatMap { variant in
      [
        batchNormalizationForward(variant), batchNormalizationInference(variant), batchNormalizationBackward(variant),
      ]
    }
  }

  private static func batchNormalizationForward(_ variant: BatchNormalizationVariant) -> KernelCase {
    KernelCase(BatchNormalizationForward.name, .forward, variant.label(.forward)) { tensors in
      let vector = Shape(vector: variant.shape.channels)
      let input = variant.input(&tensors)
      // Not the input's own, so that a backend that computes them itself fails.
      let statistics =
        variant.givenStatistics
        ? Reference.channelStatistics(input).map { 1.25 * $0 + 0.125 }.roundedToFloat : nil
      return BatchNormalizationForward(
        input: tensors.input("input", input, variant.inputPlacement),
        statistics: statistics.map { tensors.input("statistics", $0) },
        population: variant.parts * variant.shape.pixelCount,
        scale: tensors.input("scale", variant.scale(&tensors)),
        shift: tensors.input("shift", tensors.random.floats(vector)),
        runningMean: tensors.input("runningMean", tensors.random.floats(vector)),
        runningVariance: tensors.input("runningVariance", tensors.random.floats(vector, in: 0.5...2)),
        savedMean: tensors.output("savedMean", vector),
        savedInverseDeviation: tensors.output("savedInverseDeviation", vector),
        output: tensors.output("output", variant.shape, variant.outputPlacement),
        pooling: variant.pooled
          ? BatchNormalizationPooling(
            output: tensors.output("pooled", variant.pooledShape),
            indices: tensors.output("indices", variant.pooledShape, .dense, .uint8)) : nil,
        activation: variant.activation)
    }
  }

  private static func batchNormalizationInference(_ variant: BatchNormalizationVariant) -> KernelCase {
    KernelCase(BatchNormalizationInference.name, .inference, variant.label(.inference)) { tensors in
      let vector = Shape(vector: variant.shape.channels)
      let input = tensors.input("input", variant.input(&tensors), variant.inputPlacement)
      return BatchNormalizationInference(
        input: input, scale: tensors.input("scale", variant.scale(&tensors)),
        shift: tensors.input("shift", tensors.random.floats(vector)),
        runningMean: tensors.input("runningMean", tensors.random.floats(vector)),
        runningVariance: tensors.input("runningVariance", tensors.random.floats(vector, in: 0.5...2)),
        output: variant.inPlace ? input : tensors.output("output", variant.shape, variant.outputPlacement),
        activation: variant.activation)
    }
  }

  private static func batchNormalizationBackward(_ variant: BatchNormalizationVariant) -> KernelCase {
    KernelCase(BatchNormalizationBackward.name, .backward, variant.label(.backward)) { tensors in
      batchNormalizationGradients(variant, &tensors)
    }
  }

  /// Returns all gradients of a variant.
  static func batchNormalizationGradients(
    _ variant: BatchNormalizationVariant, _ tensors: inout CaseTensors
  ) -> BatchNormalizationBackward {
    let vector = Shape(vector: variant.shape.channels)
    let scale = variant.scale(&tensors)
    let shift = tensors.random.floats(vector)
    let (input, mean, inverseDeviation) = variant.inputAwayFromKink(scale: scale, shift: shift, &tensors)
    let outputGradient = tensors.input(
      "outputGradient", tensors.random.floats(variant.shape), variant.outputPlacement)
    let pooling =
      variant.pooled
      ? BatchNormalizationPooling(
        output: tensors.input("pooledGradient", tensors.random.floats(variant.pooledShape)),
        indices: tensors.input("indices", tensors.random.integers(variant.pooledShape, in: 0...3), .dense, .uint8))
      : nil
    let oldScale = variant.accumulate ? tensors.random.floats(vector) : nil
    let oldShift = variant.accumulate ? tensors.random.floats(vector) : nil
    return BatchNormalizationBackward(
      input: tensors.input("input", input, variant.inputPlacement), scale: tensors.input("scale", scale),
      shift: tensors.input("shift", shift), savedMean: tensors.input("savedMean", mean),
      savedInverseDeviation: tensors.input("savedInverseDeviation", inverseDeviation),
      outputGradient: outputGradient, pooling: pooling,
      inputGradient: variant.inPlace
        ? outputGradient : tensors.output("inputGradient", variant.shape, variant.inputPlacement),
      scaleGradient: tensors.output("scaleGradient", vector, addingTo: oldScale),
      shiftGradient: tensors.output("shiftGradient", vector, addingTo: oldShift), accumulate: variant.accumulate,
      activation: variant.activation)
  }
}
