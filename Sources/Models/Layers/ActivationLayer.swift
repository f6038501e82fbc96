import Runtime

/// An activation that is not fused with a batch norm: PyTorch's `LeakyReLU`, `Tanh` and `Sigmoid`.
struct ActivationLayer {
  let name: String
  let activation: Activation

  /// Emits the layer, in place without a destination. The derivative is computed from the output.
  func callAsFunction(_ input: Tensor, into destination: Tensor? = nil, _ tape: Tape) -> Tensor {
    let output = destination ?? input
    tape.summarize(
      LayerSummary(
        name: name, kind: kind, outputShape: output.shape, parameterCount: 0,
        multiplyAdds: output.shape.count / output.shape.batch))
    tape.append(ActivationForward(input: input, output: output, activation: activation), of: name)
    tape.record { [self] in
      let outputGradient = tape.gradient(of: output)
      let inputGradient = destination == nil ? outputGradient : tape.gradientDestination(of: input).gradient
      tape.append(
        ActivationBackward(
          output: output, outputGradient: outputGradient, inputGradient: inputGradient, activation: activation),
        of: name)
    }
    return output
  }

  private var kind: String {
    switch activation {
    case .leakyReLU: "LeakyReLU"
    case .tanh: "Tanh"
    case .sigmoid: "Sigmoid"
    }
  }
}
