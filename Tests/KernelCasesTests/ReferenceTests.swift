import Foundation
import KernelCases
import Runtime
import Testing

/// The forward references against values that can be computed by hand.
@Suite("References")
struct ReferenceTests {
  @Test("A convolution with ones counts the pixels under its kernel")
  func convolution() {
    let output = Reference.convolutionMap(
      image: ReferenceTensor(Shape(1, 3, 3, 1), repeating: 1),
      weights: ReferenceTensor(Shape(3, 3, 1, 1), repeating: 1),
      bias: ReferenceTensor(vector: [10]), ConvolutionGeometry(kernel: 3, padding: 1))
    #expect(output.values == [14, 16, 14, 16, 19, 16, 14, 16, 14])
  }

  @Test("A convolution does not flip its kernel, and its stride samples the image")
  func convolutionOrientation() {
    let input = ReferenceTensor(Shape(1, 2, 4, 1), [1, 2, 3, 4, 5, 6, 7, 8])
    let weights = ReferenceTensor(Shape(1, 2, 1, 2), [1, 0, 10, -1])
    let output = Reference.convolutionMap(
      image: input, weights: weights, ConvolutionGeometry(kernelHeight: 1, kernelWidth: 2, stride: 2))
    #expect(output.shape == Shape(1, 1, 2, 2))
    #expect(output.values == [21, -2, 43, -4])
  }

  @Test("A transposed convolution adds its kernel at every input pixel")
  func transposedConvolution() {
    let geometry = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
    let input = ReferenceTensor(Shape(1, 1, 2, 1), [1, 10])
    let weights = ReferenceTensor(Shape(3, 3, 1, 1), [1, 2, 3, 4, 5, 6, 7, 8, 9])
    let shape = geometry.transposedOutputShape(of: input.shape, outputChannels: 1, outputPadding: 1)
    let output = Reference.convolutionImage(
      map: input, weights: weights, imageShape: shape, geometry, weightsInput: .map)
    #expect(output.shape == Shape(1, 2, 4, 1))
    // 6 + 40 and 9 + 70 where the kernels overlap.
    let expected: [Double] = [5, 46, 50, 60, 8, 79, 80, 90]
    #expect(output.values == expected)
  }

  @Test("Batch normalization of two pixels")
  func batchNormalization() {
    let result = Reference.batchNormalizationForward(
      input: ReferenceTensor(Shape(1, 1, 2, 1), [1, 5]), scale: ReferenceTensor(vector: [3]),
      shift: ReferenceTensor(vector: [-1]),
      runningMean: ReferenceTensor(vector: [10]), runningVariance: ReferenceTensor(vector: [1]),
      activation: .leakyReLU(slope: 0.5), epsilon: 0, momentum: 0.5)
    #expect(result.mean.values == [3])
    #expect(result.inverseDeviation.values == [0.5])
    #expect(result.output.values == [-2, 2])
    #expect(result.runningMean.values == [6.5])
    // The unbiased variance of 1 and 5 is 8.
    #expect(result.runningVariance.values == [4.5])
  }

  @Test("Moments of four parts are those of all pixels")
  func moments() {
    let values: [[Double]] = [[1, 5], [2, 2], [-4, 0], [7, 3]]
    let moments = values.map { Reference.channelStatistics(ReferenceTensor(Shape(1, 1, 2, 1), $0)).values }
    let all = Reference.channelStatistics(ReferenceTensor(Shape(1, 1, 8, 1), Array(values.joined()))).values
    let joined = Reference.momentsJoin(ReferenceTensor(Shape(4, 1, 2, 1), Array(moments.joined()))).values
    #expect(Array(joined.prefix(2)) == all && all == [2, 9.5])
    // The moments of -4, 0, 7 and 3.
    #expect(Array(joined[4..<6]) == [1.5, 16.25])
  }

  @Test("Max-pooling takes the first of equal values and leaves odd edges out")
  func maxPooling() {
    let input = ReferenceTensor(Shape(1, 3, 5, 1), [-2, -1, 7, 7, 9, -1, -3, 7, 0, 9, 9, 9, 9, 9, 9])
    let result = Reference.maxPoolingForward(input: input, window: 2)
    #expect(result.output.values == [-1, 7])
    #expect(result.indices.values == [1, 0])
  }

  @Test("Bilinear upsampling has its pixel centers at halves")
  func upsampling() {
    let input = ReferenceTensor(Shape(1, 1, 2, 1), [0, 4])
    #expect(Reference.upsamplingForward(input: input, mode: .bilinear, factor: 2).values == [0, 1, 3, 4, 0, 1, 3, 4])
    #expect(Reference.upsamplingForward(input: input, mode: .nearest, factor: 2).values == [0, 0, 4, 4, 0, 0, 4, 4])
  }

  @Test("Concatenation and split are each other's inverse")
  func concatenation() {
    let parts = [ReferenceTensor(Shape(1, 1, 2, 1), [1, 2]), ReferenceTensor(Shape(1, 1, 2, 2), [3, 4, 5, 6])]
    let whole = Reference.concatenation(parts)
    #expect(whole.values == [1, 3, 4, 2, 5, 6])
    #expect(Reference.split(whole, channels: [1, 2]).map(\.values) == parts.map(\.values))
  }

  @Test("Losses of a few elements")
  func losses() {
    let prediction = ReferenceTensor(vector: [1, 2, 3, 4])
    let target = ReferenceTensor(vector: [1, 0, 6, 4])
    #expect(Reference.pixelwiseLoss(.meanSquared, prediction: prediction, target: target).loss == 13.0 / 4)
    #expect(Reference.pixelwiseLoss(.l1, prediction: prediction, target: target).loss == 5.0 / 4)
    // Two pixels: d is 0 and 2 in the one, −3 and 0 in the other, so that the mean is (10 · 4 + ½ · 9) / 4.
    let pixels = [prediction, target].map { ReferenceTensor(Shape(1, 1, 2, 2), $0.values) }
    let weights = ReferenceTensor(Shape(1, 1, 2, 1), [10, 0.5])
    let weighted = Reference.pixelwiseLoss(.meanSquared, prediction: pixels[0], target: pixels[1], weights: weights)
    #expect(weighted.loss == 11.125)
    #expect(weighted.gradient.values == [0, 10, -0.75, 0])
    let entropy = Reference.binaryCrossEntropy(logits: ReferenceTensor(vector: [0, 0]), target: 0.9)
    #expect(abs(entropy.loss - log(2)) < 1e-15)
    #expect(entropy.gradient.values.allSatisfy { abs($0 + 0.2) < 1e-15 })
    // exp(1000) is no double: the loss must not go through it.
    #expect(Reference.binaryCrossEntropy(logits: ReferenceTensor(vector: [1000]), target: 0).loss == 1000)
  }

  @Test("Adam moves by the learning rate at its first step, and under a constant gradient at every step")
  func adam() {
    var state = (
      parameters: ReferenceTensor(vector: [1, 1]), firstMoment: ReferenceTensor(vector: [0, 0]),
      secondMoment: ReferenceTensor(vector: [0, 0])
    )
    for step in 1...5 {
      state = Reference.adam(
        parameters: state.parameters, gradients: ReferenceTensor(vector: [0.3, -20]), firstMoment: state.firstMoment,
        secondMoment: state.secondMoment, learningRate: 0.01, step: step, beta1: 0.9, beta2: 0.999, epsilon: 0)
      #expect(abs(state.parameters[0] - (1 - 0.01 * Double(step))) < 1e-12)
      #expect(abs(state.parameters[1] - (1 + 0.01 * Double(step))) < 1e-12)
    }
  }

  @Test("Adam's epsilon is added to the corrected deviation")
  func adamEpsilon() {
    let result = Reference.adam(
      parameters: ReferenceTensor(vector: [0]), gradients: ReferenceTensor(vector: [2]),
      firstMoment: ReferenceTensor(vector: [0]),
      secondMoment: ReferenceTensor(vector: [0]), learningRate: 1, step: 1, beta1: 0.9, beta2: 0.999, epsilon: 2)
    #expect(abs(result.parameters[0] + 0.5) < 1e-12)
    #expect(abs(result.firstMoment[0] - 0.2) < 1e-15)
    #expect(abs(result.secondMoment[0] - 0.004) < 1e-15)
  }

  @Test("A gathered batch follows the shuffled order")
  func batchGather() {
    let images = ReferenceTensor(Shape(3, 1, 1, 3), [0, 0, 0, 10, 20, 30, 255, 0, 0])
    let result = Reference.batchGather(
      images: images, indices: [1, 2, 0, 1], first: 1, batch: 3, .rgb(scale: 2, shift: -1))
    #expect(result.color.values == [509, -1, -1, -1, -1, -1, 19, 39, 59])
    let gray = [169.0, -1, 39]
    #expect(zip(result.gray.values, gray).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test("Weights of colors are interpolated between the table's, and the nearest outside")
  func colorWeights() {
    // Rows b = −1 and 1; columns a = −1, 0 and 1.
    let table = ReferenceTensor(Shape(1, 2, 3, 1), [1, 2, 4, 5, 6, 8])
    let colors: [Double] = [-1, -1, 0, 1, 1, 1, 0.5, -1, 0.5, 0, -3, 0, 7, -7]
    let weights = Reference.colorWeights(colors: ReferenceTensor(Shape(1, 1, 7, 2), colors), table: table)
    #expect(weights.values == [1, 6, 8, 3, 5, 3, 4])
    // NaN counts as −1.
    let extremes = ReferenceTensor(Shape(1, 1, 3, 2), [.nan, .nan, .infinity, .nan, -.infinity, 0x1p100])
    #expect(Reference.colorWeights(colors: extremes, table: table).values == [1, 4, 5])
  }

  @Test("A flipped image has left and right exchanged")
  func flippedImage() {
    let images = ReferenceTensor(Shape(2, 1, 2, 3), [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
    let result = Reference.batchGather(
      images: images, indices: [1 + 1 << 31, 1], first: 0, batch: 2, .rgb(scale: 1, shift: 0))
    #expect(result.color.values == [4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6])
  }

  /// Published values: red is (53.24, 80.09, 67.20), white (100, 0, 0).
  @Test("A gathered batch in CIELAB is on its scales")
  func gatherLab() {
    let images = ReferenceTensor(Shape(2, 1, 1, 3), [255, 0, 0, 255, 255, 255])
    let result = Reference.batchGather(images: images, indices: [0, 1], first: 0, batch: 2, .lab)
    let color = [80.09 / 110, 67.20 / 110, 0, 0]
    let gray = [53.24 / 50 - 1, 1]
    #expect(zip(result.color.values, color).allSatisfy { abs($0 - $1) < 2e-4 })
    #expect(zip(result.gray.values, gray).allSatisfy { abs($0 - $1) < 2e-4 })
  }

  @Test("Spectral normalization finds the largest singular value")
  func spectralNormalization() {
    // Singular values 3 and 2.
    let weights = ReferenceTensor(Shape(1, 1, 2, 2), [0, 3, -2, 0])
    var vector = ReferenceTensor(vector: [0.5, 0.5])
    var norm = 0.0
    for _ in 0..<40 {
      let result = Reference.spectralNormalizationForward(weights: weights, outputVector: vector)
      vector = result.outputVector
      norm = result.norm
    }
    #expect(abs(norm - 3) < 1e-9)
  }

  /// The known answers of Random123's kat_vectors for philox4x32-10.
  @Test("Philox gives its authors' known answers")
  func philox() {
    let all = UInt32.max
    #expect(
      Reference.philox(counter: (0, 0, 0, 0), key: (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Reference.philox(counter: (all, all, all, all), key: (all, all))
        == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Reference.philox(
        counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test("A random fill has its distribution's mean and deviation")
  func randomFill() {
    func moments(_ distribution: Distribution) -> (mean: Double, deviation: Double) {
      let values = Reference.randomFill(Shape(vector: 40_000), distribution, seed: 5, stream: 6).values
      let mean = values.reduce(0, +) / 40_000
      return (mean, sqrt(values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40_000))
    }
    let uniform = moments(.uniform(low: 1, high: 3))
    #expect(abs(uniform.mean - 2) < 0.015 && abs(uniform.deviation - 2 / sqrt(12)) < 0.01)
    let normal = moments(.normal(mean: -1, deviation: 0.5))
    #expect(abs(normal.mean + 1) < 0.0125 && abs(normal.deviation - 0.5) < 0.01)
  }
}
