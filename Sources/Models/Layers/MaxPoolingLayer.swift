import Runtime

/// Max-pooling over 2×2 squares: PyTorch's `MaxPool2d(2)`.
struct MaxPoolingLayer {
  let name: String

  func callAsFunction(_ input: Tensor, _ tape: Tape) -> Tensor {
    let shape = Shape(input.shape.batch, input.shape.height / 2, input.shape.width / 2, input.shape.channels)
    let output = tape.tensor("\(name).output", shape)
    let indices = tape.isTraining ? tape.tensor("\(name).indices", shape, .uint8) : nil
    tape.summarize(
      LayerSummary(name: name, kind: "MaxPool2d 2×2", outputShape: shape, parameterCount: 0, multiplyAdds: 0))
    tape.plan.append(MaxPoolingForward(input: input, output: output, indices: indices))
    if let indices {
      tape.record {
        let (inputGradient, accumulate) = tape.gradientDestination(of: input)
        tape.plan.append(
          MaxPoolingBackward(
            outputGradient: tape.gradient(of: output), indices: indices, inputGradient: inputGradient,
            accumulate: accumulate))
      }
    }
    return output
  }
}
