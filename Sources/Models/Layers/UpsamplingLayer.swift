import Runtime

/// Doubles height and width without weights: PyTorch's `Upsample(scale_factor=2)`.
struct UpsamplingLayer {
  let name: String
  let mode: UpsamplingMode

  func callAsFunction(_ input: Tensor, _ tape: Tape) -> Tensor {
    let shape = Shape(input.shape.batch, input.shape.height * 2, input.shape.width * 2, input.shape.channels)
    let output = tape.tensor("\(name).output", shape)
    tape.summarize(
      LayerSummary(
        name: name, kind: "Upsample \(mode.rawValue)", outputShape: shape, parameterCount: 0, multiplyAdds: 0))
    tape.append(UpsamplingForward(input: input, output: output, mode: mode), of: name)
    tape.record { [self] in
      let (inputGradient, _) = tape.gradientDestination(of: input)
      tape.append(
        UpsamplingBackward(outputGradient: tape.gradient(of: output), inputGradient: inputGradient, mode: mode),
        of: name)
    }
    return output
  }
}
