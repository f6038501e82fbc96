import Runtime

/// Max-pooling over 2×2 squares: PyTorch's `MaxPool2d(2)`.
struct MaxPoolingLayer {
  let name: String

  func callAsFunction(_ input: Tensor, _ tape: Tape) -> Tensor {
    let output = tape.tensor("\(name).output", outputShape(of: input.shape))
    let indices = tape.isTraining ? tape.tensor("\(name).indices", output.shape, .uint8) : nil
    summarize(output, tape)
    tape.append(MaxPoolingForward(input: input, output: output, indices: indices), of: name)
    if let indices {
      tape.record { [name] in
        let (inputGradient, accumulate) = tape.gradientDestination(of: input)
        tape.append(
          MaxPoolingBackward(
            outputGradient: tape.gradient(of: output), indices: indices, inputGradient: inputGradient,
            accumulate: accumulate),
          of: name)
      }
    }
    return output
  }

  /// Returns the tensors of a pooling that is fused with the batch norm that writes its input, for training.
  func fused(onto input: Tensor, _ tape: Tape) -> BatchNormalizationPooling {
    let output = tape.tensor("\(name).output", outputShape(of: input.shape))
    summarize(output, tape)
    return BatchNormalizationPooling(
      output: output, indices: tape.tensor("\(name).indices", output.shape, .uint8))
  }

  private func outputShape(of input: Shape) -> Shape {
    Shape(input.batch, input.height / 2, input.width / 2, input.channels)
  }

  private func summarize(_ output: Tensor, _ tape: Tape) {
    tape.summarize(
      LayerSummary(name: name, kind: "MaxPool2d 2×2", outputShape: output.shape, parameterCount: 0, multiplyAdds: 0))
  }
}
