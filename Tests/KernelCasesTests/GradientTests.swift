import Runtime
import Testing

@testable import KernelCases

/// The backward references against finite differences of the forward ones, in double precision.
@Suite("Gradients of the references")
struct GradientTests {
  static let activations: [Activation] = [.leakyReLU(slope: 0.01), .leakyReLU(slope: 0.2), .tanh, .sigmoid]
  private var random = RandomValues(seed: "gradients")

  @Test("activation", arguments: activations)
  mutating func activation(_ activation: Activation) {
    let shape = Shape(2, 3, 2, 5)
    // Not within a step of the LeakyReLU's kink.
    let input = random.floats(shape, in: -3...3).map { abs($0) < 0.01 ? 0.5 : $0 }
    let weights = random.floats(shape)
    let gradient = Reference.activationBackward(
      output: Reference.activationForward(input, activation), outputGradient: weights, activation)
    expectGradient(gradient, at: input, of: { dot(Reference.activationForward($0, activation), weights) })
  }

  static let convolutions: [(ConvolutionGeometry, Shape)] = [
    (ConvolutionGeometry(kernel: 3, padding: 1), Shape(2, 4, 5, 2)),
    (ConvolutionGeometry(kernel: 3, padding: 1), Shape(1, 1, 1, 3)),
    (ConvolutionGeometry(kernel: 4, stride: 2, padding: 1), Shape(2, 5, 6, 3)),
    (ConvolutionGeometry(kernel: 2), Shape(2, 2, 3, 3)),
    (ConvolutionGeometry(kernel: 1, stride: 2), Shape(1, 4, 3, 2)),
    (ConvolutionGeometry(kernelHeight: 5, kernelWidth: 3, stride: 3, padding: 2), Shape(2, 6, 4, 2)),
    (ConvolutionGeometry(kernelHeight: 2, kernelWidth: 3, stride: 3), Shape(1, 6, 8, 2)),
  ]

  @Test("convolution", arguments: convolutions)
  mutating func convolution(_ geometry: ConvolutionGeometry, _ inputShape: Shape) {
    let input = random.floats(inputShape)
    let weights = random.floats(Shape(geometry.kernelHeight, geometry.kernelWidth, inputShape.channels, 3))
    let bias = random.floats(Shape(vector: 3))
    let forward = { (input: HostTensor, weights: HostTensor, bias: HostTensor) in
      Reference.convolutionForward(input: input, weights: weights, bias: bias, geometry)
    }
    let outputGradient = random.floats(forward(input, weights, bias).shape)
    expectGradient(
      Reference.convolutionBackwardData(
        outputGradient: outputGradient, weights: weights, inputShape: inputShape, geometry),
      at: input, of: { dot(forward($0, weights, bias), outputGradient) }, "input")
    expectGradient(
      Reference.convolutionBackwardFilter(input: input, outputGradient: outputGradient, geometry),
      at: weights, of: { dot(forward(input, $0, bias), outputGradient) }, "weights")
    expectGradient(
      Reference.biasGradient(outputGradient: outputGradient), at: bias,
      of: { dot(forward(input, weights, $0), outputGradient) }, "bias")
  }

  static let transposedConvolutions: [(ConvolutionGeometry, Int)] = [
    (ConvolutionGeometry(kernel: 3, stride: 2, padding: 1), 1),
    (ConvolutionGeometry(kernel: 4, stride: 2, padding: 1), 0),
    (ConvolutionGeometry(kernel: 2, stride: 2), 0),
    (ConvolutionGeometry(kernelHeight: 5, kernelWidth: 3, stride: 3, padding: 1), 2),
  ]

  @Test("transposed convolution", arguments: transposedConvolutions)
  mutating func transposedConvolution(_ geometry: ConvolutionGeometry, _ outputPadding: Int) {
    let inputShape = Shape(2, 3, 2, 3)
    let outputShape = geometry.transposedOutputShape(of: inputShape, outputChannels: 2, outputPadding: outputPadding)
    let input = random.floats(inputShape)
    let weights = random.floats(Shape(geometry.kernelHeight, geometry.kernelWidth, 3, 2))
    let bias = random.floats(Shape(vector: 2))
    let outputGradient = random.floats(outputShape)
    let forward = { (input: HostTensor, weights: HostTensor, bias: HostTensor) in
      Reference.transposedConvolutionForward(
        input: input, weights: weights, bias: bias, outputShape: outputShape, geometry)
    }
    expectGradient(
      Reference.transposedConvolutionBackwardData(
        outputGradient: outputGradient, weights: weights, inputShape: inputShape, geometry),
      at: input, of: { dot(forward($0, weights, bias), outputGradient) }, "input")
    expectGradient(
      Reference.transposedConvolutionBackwardFilter(input: input, outputGradient: outputGradient, geometry),
      at: weights, of: { dot(forward(input, $0, bias), outputGradient) }, "weights")
    expectGradient(
      Reference.biasGradient(outputGradient: outputGradient), at: bias,
      of: { dot(forward(input, weights, $0), outputGradient) }, "bias")
  }

  @Test("batch normalization", arguments: [nil] + activations.map(Optional.some))
  mutating func batchNormalization(_ activation: Activation?) {
    let shape = Shape(2, 3, 2, 3)
    let vector = Shape(vector: 3)
    let input = random.floats(shape, in: -1...3)
    let scale = HostTensor(vector: [0.7, -1.2, 1.1])
    let shift = random.floats(vector)
    let outputGradient = random.floats(shape)
    let forward = { (input: HostTensor, scale: HostTensor, shift: HostTensor, activation: Activation?) in
      Reference.batchNormalizationForward(
        input: input, scale: scale, shift: shift, runningMean: HostTensor(vector),
        runningVariance: HostTensor(vector), activation: activation, epsilon: 1e-5, momentum: 0.1)
    }
    let result = forward(input, scale, shift, nil)
    #expect(result.output.values.allSatisfy { abs($0) > 1e-3 }, "too near to a kink for finite differences")
    let gradients = Reference.batchNormalizationBackward(
      input: input, scale: scale, shift: shift, mean: result.mean, inverseDeviation: result.inverseDeviation,
      outputGradient: outputGradient, activation: activation)
    expectGradient(
      gradients.inputGradient, at: input, of: { dot(forward($0, scale, shift, activation).output, outputGradient) },
      "input")
    expectGradient(
      gradients.scaleGradient, at: scale, of: { dot(forward(input, $0, shift, activation).output, outputGradient) },
      "scale")
    expectGradient(
      gradients.shiftGradient, at: shift, of: { dot(forward(input, scale, $0, activation).output, outputGradient) },
      "shift")
  }

  @Test("max-pooling", arguments: [2, 3])
  mutating func maxPooling(window: Int) {
    let input = random.floats(Shape(2, 7, 5, 3))
    let result = Reference.maxPoolingForward(input: input, window: window)
    let outputGradient = random.floats(result.output.shape)
    expectGradient(
      Reference.maxPoolingBackward(
        outputGradient: outputGradient, indices: result.indices, inputShape: input.shape, window: window),
      at: input, of: { dot(Reference.maxPoolingForward(input: $0, window: window).output, outputGradient) })
  }

  @Test("upsampling", arguments: UpsamplingMode.allCases, [2, 3])
  mutating func upsampling(mode: UpsamplingMode, factor: Int) {
    let input = random.floats(Shape(2, 3, 2, 2))
    let outputGradient = random.floats(Shape(2, 3 * factor, 2 * factor, 2))
    expectGradient(
      Reference.upsamplingBackward(
        outputGradient: outputGradient, inputShape: input.shape, mode: mode, factor: factor),
      at: input, of: { dot(Reference.upsamplingForward(input: $0, mode: mode, factor: factor), outputGradient) })
  }

  @Test("concatenation")
  mutating func concatenation() {
    let inputs = [random.floats(Shape(2, 2, 3, 2)), random.floats(Shape(2, 2, 3, 3))]
    let outputGradient = random.floats(Shape(2, 2, 3, 5))
    let gradients = Reference.split(outputGradient, channels: [2, 3])
    expectGradient(
      gradients[0], at: inputs[0], of: { dot(Reference.concatenation([$0, inputs[1]]), outputGradient) })
    expectGradient(
      gradients[1], at: inputs[1], of: { dot(Reference.concatenation([inputs[0], $0]), outputGradient) })
  }

  @Test("mean squared error")
  mutating func meanSquaredError() {
    let prediction = random.floats(Shape(2, 3, 2, 3))
    let target = random.floats(prediction.shape)
    let loss = { Reference.meanSquaredError(prediction: $0, target: target) }
    expectGradient(loss(prediction).gradient, at: prediction, of: { loss($0).loss })
  }

  @Test("L1 loss")
  mutating func l1Loss() {
    let prediction = random.floats(Shape(2, 3, 2, 3))
    // One element at the kink, where the central difference is the derivative that we define: 0.
    var target = random.floats(prediction.shape)
    target[4] = prediction[4]
    let loss = { [target] in Reference.l1Loss(prediction: $0, target: target) }
    expectGradient(loss(prediction).gradient, at: prediction, of: { loss($0).loss })
  }

  @Test("binary cross-entropy", arguments: [0, 0.9, 1])
  mutating func binaryCrossEntropy(target: Double) {
    let logits = random.floats(Shape(2, 3, 2, 1), in: -4...4)
    let loss = { Reference.binaryCrossEntropy(logits: $0, target: target) }
    expectGradient(loss(logits).gradient, at: logits, of: { loss($0).loss })
  }

  @Test("spectral normalization, its vectors taken for constants")
  mutating func spectralNormalization() {
    let weights = random.floats(Shape(2, 2, 3, 4))
    let result = Reference.spectralNormalizationForward(
      weights: weights, outputVector: random.floats(Shape(vector: 4), in: 0.1...1))
    let outputGradient = random.floats(weights.shape)
    let gradient = Reference.spectralNormalizationBackward(
      output: result.output, outputVector: result.outputVector, inputVector: result.inputVector, norm: result.norm,
      gradient: outputGradient)
    expectGradient(
      gradient, at: weights,
      of: { weights in
        let norm = Reference.spectralNorm(
          weights: weights, outputVector: result.outputVector, inputVector: result.inputVector)
        return dot(weights.map { $0 / norm }, outputGradient)
      })
  }
}
