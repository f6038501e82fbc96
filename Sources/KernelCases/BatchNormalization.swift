import Foundation
import Runtime

extension Reference {
  /// What batch normalization over N, H and W writes.
  public struct BatchNormalizationResult {
    public var output: HostTensor
    /// μ, `[C]`
    public var mean: HostTensor
    /// 1 / √(σ² + ε), σ² the biased variance, `[C]`
    public var inverseDeviation: HostTensor
    /// `[C]`
    public var runningMean: HostTensor
    /// `[C]`
    public var runningVariance: HostTensor
  }

  /// output = activation(γ · (x − μ) / √(σ² + ε) + β); running ← (1 − momentum) · running + momentum · statistic, the
  /// variance unbiased.
  ///
  /// - Parameters:
  ///   - input: x, `[N, H, W, C]`, two pixels at least
  ///   - statistics: means and biased variances, `[1, 1, 2, C]`, to be taken for x's.
  ///   - scale: γ, `[C]`
  ///   - shift: β, `[C]`
  public static func batchNormalizationForward(
    input: HostTensor, statistics: HostTensor? = nil, scale: HostTensor, shift: HostTensor, runningMean: HostTensor,
    runningVariance: HostTensor, activation: Activation?, epsilon: Double, momentum: Double
  ) -> BatchNormalizationResult {
    let channels = input.shape.channels
    let count = Double(input.shape.pixelCount)
    let statistics = (statistics ?? channelStatistics(input)).values
    let mean = HostTensor(vector: Array(statistics.prefix(channels)))
    let variance = HostTensor(vector: Array(statistics.suffix(channels)))
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
  public static func channelStatistics(_ tensor: HostTensor) -> HostTensor {
    let channels = tensor.shape.channels
    let count = Double(tensor.shape.pixelCount)
    var statistics = HostTensor(Shape(1, 1, 2, channels))
    for (index, x) in tensor.values.enumerated() { statistics[index % channels] += x / count }
    for (index, x) in tensor.values.enumerated() {
      let deviation = x - statistics[index % channels]
      statistics[channels + index % channels] += deviation * deviation / count
    }
    return statistics
  }

  /// output = activation(γ · (x − running mean) / √(running variance + ε) + β).
  public static func batchNormalizationInference(
    input: HostTensor, scale: HostTensor, shift: HostTensor, runningMean: HostTensor, runningVariance: HostTensor,
    activation: Activation?, epsilon: Double
  ) -> HostTensor {
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
    input: HostTensor, scale: HostTensor, shift: HostTensor, mean: HostTensor, inverseDeviation: HostTensor,
    outputGradient: HostTensor, activation: Activation?
  ) -> (inputGradient: HostTensor, scaleGradient: HostTensor, shiftGradient: HostTensor) {
    let channels = input.shape.channels
    let count = Double(input.shape.pixelCount)
    var normalized = input
    var output = input
    for index in input.values.indices {
      let c = index % channels
      normalized[index] = (input[index] - mean[c]) * inverseDeviation[c]
      output[index] = scale[c] * normalized[index] + shift[c]
    }
    output = activationForward(output, activation)
    let g = activationBackward(output: output, outputGradient: outputGradient, activation)
    var shiftGradient = HostTensor(Shape(vector: channels))
    var scaleGradient = HostTensor(Shape(vector: channels))
    for index in g.values.indices {
      shiftGradient[index % channels] += g[index]
      scaleGradient[index % channels] += g[index] * normalized[index]
    }
    var inputGradient = g
    for index in g.values.indices {
      let c = index % channels
      inputGradient[index] =
        scale[c] * inverseDeviation[c]
        * (g[index] - shiftGradient[c] / count - normalized[index] * scaleGradient[c] / count)
    }
    return (inputGradient, scaleGradient, shiftGradient)
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
      let scale = variant.scale(&tensors)
      let shift = tensors.random.floats(vector)
      let runningMean = tensors.random.floats(vector)
      let runningVariance = tensors.random.floats(vector, in: 0.5...2)
      // Not the input's own, so that a backend that finds them itself fails.
      let statistics =
        variant.givenStatistics
        ? Reference.channelStatistics(input).map { 1.25 * $0 + 0.125 }.roundedToFloat : nil
      let operation = BatchNormalizationForward(
        input: tensors.input("input", input, variant.inputPlacement),
        statistics: statistics.map { tensors.input("statistics", $0) }, scale: tensors.input("scale", scale),
        shift: tensors.input("shift", shift), runningMean: tensors.input("runningMean", runningMean),
        runningVariance: tensors.input("runningVariance", runningVariance),
        savedMean: tensors.output("savedMean", vector),
        savedInverseDeviation: tensors.output("savedInverseDeviation", vector),
        output: tensors.output("output", variant.shape, variant.outputPlacement),
        pooling: variant.pooled
          ? BatchNormalizationPooling(
            output: tensors.output("pooled", variant.pooledShape),
            indices: tensors.output("indices", variant.pooledShape, .dense, .uint8)) : nil,
        activation: variant.activation)
      return (
        operation,
        {
          let result = Reference.batchNormalizationForward(
            input: input, statistics: statistics, scale: scale, shift: shift, runningMean: runningMean,
            runningVariance: runningVariance, activation: variant.activation, epsilon: Double(operation.epsilon),
            momentum: Double(operation.momentum))
          return [
            TensorValues(operation.output, result.output), TensorValues(operation.savedMean, result.mean),
            TensorValues(operation.savedInverseDeviation, result.inverseDeviation),
            TensorValues(operation.runningMean, result.runningMean),
            TensorValues(operation.runningVariance, result.runningVariance),
          ]
            + (operation.pooling.map { pooling in
              let pooled = Reference.maxPoolingForward(input: result.output, window: 2)
              return [TensorValues(pooling.output, pooled.output), TensorValues(pooling.indices, pooled.indices)]
            } ?? [])
        }
      )
    }
  }

  private static func batchNormalizationInference(_ variant: BatchNormalizationVariant) -> KernelCase {
    KernelCase(BatchNormalizationInference.name, .inference, variant.label(.inference)) { tensors in
      let vector = Shape(vector: variant.shape.channels)
      let input = variant.input(&tensors)
      let scale = variant.scale(&tensors)
      let shift = tensors.random.floats(vector)
      let runningMean = tensors.random.floats(vector)
      let runningVariance = tensors.random.floats(vector, in: 0.5...2)
      let inputTensor = tensors.input("input", input, variant.inputPlacement)
      let operation = BatchNormalizationInference(
        input: inputTensor, scale: tensors.input("scale", scale), shift: tensors.input("shift", shift),
        runningMean: tensors.input("runningMean", runningMean),
        runningVariance: tensors.input("runningVariance", runningVariance),
        output: variant.inPlace ? inputTensor : tensors.output("output", variant.shape, variant.outputPlacement),
        activation: variant.activation)
      return (
        operation,
        {
          [
            TensorValues(
              operation.output,
              Reference.batchNormalizationInference(
                input: input, scale: scale, shift: shift, runningMean: runningMean, runningVariance: runningVariance,
                activation: variant.activation, epsilon: Double(operation.epsilon)))
          ]
        }
      )
    }
  }

  private static func batchNormalizationBackward(_ variant: BatchNormalizationVariant) -> KernelCase {
    KernelCase(BatchNormalizationBackward.name, .backward, variant.label(.backward)) { tensors in
      let vector = Shape(vector: variant.shape.channels)
      let scale = variant.scale(&tensors)
      let shift = tensors.random.floats(vector)
      let (input, mean, inverseDeviation) = variant.inputAwayFromKink(scale: scale, shift: shift, &tensors)
      let outputGradient = tensors.random.floats(variant.shape)
      let pooledGradient = variant.pooled ? tensors.random.floats(variant.pooledShape) : nil
      let indices = variant.pooled ? tensors.random.integers(variant.pooledShape, in: 0...3) : nil
      let oldScale = variant.accumulate ? tensors.random.floats(vector) : nil
      let oldShift = variant.accumulate ? tensors.random.floats(vector) : nil
      let outputGradientTensor = tensors.input("outputGradient", outputGradient, variant.outputPlacement)
      let operation = BatchNormalizationBackward(
        input: tensors.input("input", input, variant.inputPlacement), scale: tensors.input("scale", scale),
        shift: tensors.input("shift", shift), savedMean: tensors.input("savedMean", mean),
        savedInverseDeviation: tensors.input("savedInverseDeviation", inverseDeviation),
        outputGradient: outputGradientTensor,
        pooling: pooledGradient.flatMap { gradient in
          indices.map { indices in
            BatchNormalizationPooling(
              output: tensors.input("pooledGradient", gradient),
              indices: tensors.input("indices", indices, .dense, .uint8))
          }
        },
        inputGradient: variant.inPlace
          ? outputGradientTensor : tensors.output("inputGradient", variant.shape, variant.inputPlacement),
        scaleGradient: tensors.output("scaleGradient", vector, addingTo: oldScale),
        shiftGradient: tensors.output("shiftGradient", vector, addingTo: oldShift), accumulate: variant.accumulate,
        activation: variant.activation)
      return (
        operation,
        {
          var above = outputGradient
          if let pooledGradient, let indices {
            above =
              above
              + Reference.maxPoolingBackward(
                outputGradient: pooledGradient, indices: indices, inputShape: variant.shape, window: 2)
          }
          let gradients = Reference.batchNormalizationBackward(
            input: input, scale: scale, shift: shift, mean: mean, inverseDeviation: inverseDeviation,
            outputGradient: above, activation: variant.activation)
          return [
            TensorValues(operation.inputGradient, gradients.inputGradient),
            TensorValues(
              operation.scaleGradient, oldScale.map { $0 + gradients.scaleGradient } ?? gradients.scaleGradient),
            TensorValues(
              operation.shiftGradient, oldShift.map { $0 + gradients.shiftGradient } ?? gradients.shiftGradient),
          ]
        }
      )
    }
  }
}
