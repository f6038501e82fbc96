import Runtime

/// Doubles the maps and halves the channels on the way up: a transposed convolution, or an upsampling and a convolution.
struct UpsamplingUnit {
  private let upsampling: UpsamplingLayer?
  private let convolution: ConvolutionLayer

  init(
    _ name: String, from inputChannels: Int, to channels: Int, kind: UpsamplingKind, weights: InitialValue?,
    in parameters: ParameterSet
  ) {
    if let mode = kind.mode {
      upsampling = UpsamplingLayer(name: "\(name).0", mode: mode)
      convolution = ConvolutionLayer(
        "\(name).1", from: inputChannels, to: channels, ConvolutionGeometry(kernel: 3, padding: 1), weights: weights,
        in: parameters)
    } else {
      upsampling = nil
      convolution = ConvolutionLayer(
        name, from: inputChannels, to: channels, ConvolutionGeometry(kernel: 3, stride: 2, padding: 1),
        outputPadding: 1, weights: weights, in: parameters)
    }
  }

  func callAsFunction(_ input: Tensor, into destination: Tensor, _ tape: Tape) {
    let larger = upsampling.map { $0(input, tape) } ?? input
    _ = convolution(larger, into: destination, tape)
  }
}
