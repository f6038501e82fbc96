import Runtime

/// The weights of a network divided by their spectral norms, for the passes between two changes of them.
final class SpectralWeights {
  /// By the offset of the weights among the network's parameters.
  private var normalizations: [Int: SpectralNormalizationForward] = [:]
  private var parameters: [Parameter] = []

  func add(_ normalization: SpectralNormalizationForward, of parameter: Parameter) {
    normalizations[parameter.offset] = normalization
    parameters.append(parameter)
  }

  /// The divided copy of a parameter; nil for one that is used as it is.
  func value(of parameter: Parameter) -> Tensor? { normalizations[parameter.offset]?.output }

  /// Emits what turns the gradients of the divided weights, all of them added up, into those of the weights.
  func emitGradients(_ set: ParameterSet, _ builder: PlanBuilder) {
    for parameter in parameters {
      guard let forward = normalizations[parameter.offset] else { continue }
      builder.append(
        SpectralNormalizationBackward(
          output: forward.output, outputVector: forward.outputVector, inputVector: forward.inputVector,
          norm: forward.norm, gradient: set.gradient(of: parameter)))
    }
  }
}
