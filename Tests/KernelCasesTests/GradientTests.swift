import Runtime
import Testing

@testable import KernelCases

/// The backward references against finite differences of the forward ones, in double precision.
@Suite("Gradients of the references")
struct GradientTests {
  private var random = RandomValues(seed: "gradients")

  @Test("Activation", arguments: KernelCases.activations)
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

  @Test("Convolution", arguments: convolutions)
  mutating func convolution(_ geometry: ConvolutionGeometry, _ imageShape: Shape) {
    let image = random.floats(imageShape)
    let weights = random.floats(Shape(geometry.kernelHeight, geometry.kernelWidth, imageShape.channels, 3))
    let bias = random.floats(Shape(vector: 3))
    let map = { (image: ReferenceTensor, weights: ReferenceTensor, bias: ReferenceTensor) in
      Reference.convolutionMap(image: image, weights: weights, bias: bias, geometry)
    }
    let mapGradient = random.floats(map(image, weights, bias).shape)
    expectGradient(
      Reference.convolutionImage(map: mapGradient, weights: weights, imageShape: imageShape, geometry),
      at: image, of: { dot(map($0, weights, bias), mapGradient) }, "image")
    expectGradient(
      Reference.convolutionWeights(image: image, map: mapGradient, geometry),
      at: weights, of: { dot(map(image, $0, bias), mapGradient) }, "weights")
    expectGradient(
      Reference.biasGradient(outputGradient: mapGradient), at: bias,
      of: { dot(map(image, weights, $0), mapGradient) }, "bias")
  }

  static let transposedConvolutions: [(ConvolutionGeometry, Int)] = [
    (ConvolutionGeometry(kernel: 3, stride: 2, padding: 1), 1),
    (ConvolutionGeometry(kernel: 4, stride: 2, padding: 1), 0),
    (ConvolutionGeometry(kernel: 2, stride: 2), 0),
    (ConvolutionGeometry(kernelHeight: 5, kernelWidth: 3, stride: 3, padding: 1), 2),
  ]

  @Test("Transposed convolution", arguments: transposedConvolutions)
  mutating func transposedConvolution(_ geometry: ConvolutionGeometry, _ outputPadding: Int) {
    let mapShape = Shape(2, 3, 2, 3)
    let imageShape = geometry.transposedOutputShape(of: mapShape, outputChannels: 2, outputPadding: outputPadding)
    let map = random.floats(mapShape)
    let weights = random.floats(Shape(geometry.kernelHeight, geometry.kernelWidth, 3, 2))
    let bias = random.floats(Shape(vector: 2))
    let imageGradient = random.floats(imageShape)
    let image = { (map: ReferenceTensor, weights: ReferenceTensor, bias: ReferenceTensor) in
      Reference.convolutionImage(
        map: map, weights: weights, bias: bias, imageShape: imageShape, geometry, weightsInput: .map)
    }
    expectGradient(
      Reference.convolutionMap(
        image: imageGradient, weights: weights, mapShape: mapShape, geometry, weightsInput: .map),
      at: map, of: { dot(image($0, weights, bias), imageGradient) }, "map")
    expectGradient(
      Reference.convolutionWeights(image: imageGradient, map: map, geometry, weightsInput: .map),
      at: weights, of: { dot(image(map, $0, bias), imageGradient) }, "weights")
    expectGradient(
      Reference.biasGradient(outputGradient: imageGradient), at: bias,
      of: { dot(image(map, weights, $0), imageGradient) }, "bias")
  }

  @Test("Batch normalization", arguments: [nil] + KernelCases.activations.map(Optional.some))
  mutating func batchNormalization(_ activation: Activation?) {
    let shape = Shape(2, 3, 2, 3)
    let vector = Shape(vector: 3)
    let input = random.floats(shape, in: -1...3)
    let scale = ReferenceTensor(vector: [0.7, -1.2, 1.1])
    let shift = random.floats(vector)
    let outputGradient = random.floats(shape)
    let forward = { (input: ReferenceTensor, scale: ReferenceTensor, shift: ReferenceTensor, activation: Activation?) in
      Reference.batchNormalizationForward(
        input: input, scale: scale, shift: shift, runningMean: ReferenceTensor(vector),
        runningVariance: ReferenceTensor(vector), activation: activation, epsilon: 1e-5, momentum: 0.1)
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

  @Test("Max-pooling", arguments: [2, 3])
  mutating func maxPooling(window: Int) {
    let input = random.floats(Shape(2, 7, 5, 3))
    let result = Reference.maxPoolingForward(input: input, window: window)
    let outputGradient = random.floats(result.output.shape)
    expectGradient(
      Reference.maxPoolingBackward(
        outputGradient: outputGradient, indices: result.indices, inputShape: input.shape, window: window),
      at: input, of: { dot(Reference.maxPoolingForward(input: $0, window: window).output, outputGradient) })
  }

  @Test("Upsampling", arguments: UpsamplingMode.allCases, [2, 3])
  mutating func upsampling(mode: UpsamplingMode, factor: Int) {
    let input = random.floats(Shape(2, 3, 2, 2))
    let outputGradient = random.floats(Shape(2, 3 * factor, 2 * factor, 2))
    expectGradient(
      Reference.upsamplingBackward(
        outputGradient: outputGradient, inputShape: input.shape, mode: mode, factor: factor),
      at: input, of: { dot(Reference.upsamplingForward(input: $0, mode: mode, factor: factor), outputGradient) })
  }

  @Test("Concatenation")
  mutating func concatenation() {
    let inputs = [random.floats(Shape(2, 2, 3, 2)), random.floats(Shape(2, 2, 3, 3))]
    let outputGradient = random.floats(Shape(2, 2, 3, 5))
    let gradients = Reference.split(outputGradient, channels: [2, 3])
    expectGradient(
      gradients[0], at: inputs[0], of: { dot(Reference.concatenation([$0, inputs[1]]), outputGradient) })
    expectGradient(
      gradients[1], at: inputs[1], of: { dot(Reference.concatenation([inputs[0], $0]), outputGradient) })
  }

  @Test("Pixelwise loss", arguments: PixelwiseLoss.Kind.allCases)
  mutating func pixelwiseLoss(_ kind: PixelwiseLoss.Kind) {
    let prediction = random.floats(Shape(2, 3, 2, 3))
    // One element at the kink of |d|, where the central difference is the derivative as defined: 0.
    var target = random.floats(prediction.shape)
    target[4] = prediction[4]
    let loss = { [target] in Reference.pixelwiseLoss(kind, prediction: $0, target: target) }
    expectGradient(loss(prediction).gradient, at: prediction, of: { loss($0).loss })
    let weights = random.floats(Shape(2, 3, 2, 1), in: 0...3)
    let weighted = { [target] in
      Reference.pixelwiseLoss(kind, prediction: $0, target: target, weights: weights)
    }
    expectGradient(weighted(prediction).gradient, at: prediction, of: { weighted($0).loss }, "weighted")
  }

  @Test("Binary cross-entropy", arguments: [0, 0.9, 1])
  mutating func binaryCrossEntropy(target: Double) {
    let logits = random.floats(Shape(2, 3, 2, 1), in: -4...4)
    let loss = { Reference.binaryCrossEntropy(logits: $0, target: target) }
    expectGradient(loss(logits).gradient, at: logits, of: { loss($0).loss })
  }

  @Test("Spectral normalization, its vectors taken for constants")
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
