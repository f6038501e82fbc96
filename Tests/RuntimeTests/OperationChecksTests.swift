import Testing

@testable import Runtime

@Suite("Checks of operations")
struct OperationChecksTests {
  private let image = Tensor("image", Shape(1, 4, 4, 2))
  private let narrow = Tensor("narrow", Shape(1, 4, 3, 2))
  private let pooled = Tensor("pooled", Shape(1, 2, 2, 2))
  private let bytes = Tensor("bytes", Shape(1, 2, 2, 2), .uint8)
  private let words = Tensor("words", Shape(vector: 1), .uint32)
  /// Two of four channels.
  private let sliced = Tensor("sliced", Shape(1, 4, 4, 4)).channels(1..<3)
  private let one = Tensor("one", Shape(vector: 1))
  private let two = Tensor("two", Shape(vector: 2))
  private let three = Tensor("three", Shape(vector: 3))

  /// Operations whose tensors do not fit together, each with a part of the reason.
  private var misfits: [(operation: any Operation, reason: String)] {
    var misfits: [(operation: any Operation, reason: String)] = []
    func add(_ operation: any Operation, _ reason: String) { misfits.append((operation, reason)) }

    add(ActivationForward(input: image, output: narrow, activation: .tanh), "tensor narrow is 1×4×3×2")
    add(
      ActivationBackward(output: bytes, outputGradient: pooled, inputGradient: pooled, activation: .tanh),
      "tensor bytes holds uint8")
    add(
      Adam(
        parameters: three, gradients: two, firstMoment: three, secondMoment: three, learningRate: Variable(0),
        step: Variable(1), beta1: 0.9, beta2: 0.999),
      "tensor two is 1×1×1×2, not a vector of 3")
    add(ExponentialMovingAverage(values: three, average: image, decay: Variable(0)), "not a vector of 3")
    add(ScaledSum(three, two, output: three), "tensor two is 1×1×1×2, not a vector of 3")
    add(Fill(output: bytes, value: 0), "tensor bytes holds uint8, not float32")
    add(
      RandomFill(output: sliced, distribution: .uniform(low: 0, high: 1), seed: 0, stream: 0), "tensor sliced has gaps")
    add(MaxPoolingForward(input: image, output: image), "tensor image is 1×4×4×2, not 1×2×2×2")
    add(MaxPoolingForward(input: image, output: pooled, indices: pooled), "tensor pooled holds float32, not uint8")
    add(MaxPoolingForward(input: image, output: pooled, window: 17), "window 17")
    add(MaxPoolingBackward(outputGradient: image, indices: bytes, inputGradient: image), "tensor image is")
    add(UpsamplingForward(input: pooled, output: image, mode: .nearest, factor: 0), "factor 0")
    add(UpsamplingBackward(outputGradient: narrow, inputGradient: pooled, mode: .bilinear), "tensor narrow is")
    add(Concatenation(inputs: [image], output: Tensor("whole", Shape(1, 4, 4, 3))), "3 channels, and its parts 2")
    add(Concatenation(inputs: [], output: image), "2 channels, and its parts 0")
    add(Split(input: image, outputs: [narrow]), "tensor narrow is")
    add(PixelwiseLoss(.l1, prediction: image, target: narrow, loss: one), "tensor narrow is")
    add(PixelwiseLoss(.l1, prediction: image, target: image, loss: three), "tensor three is")
    add(
      PixelwiseLoss(.l1, prediction: image, target: image, weights: image, loss: one),
      "tensor image is 1×4×4×2, not 1×4×4×1")
    let weights = Tensor("weights", Shape(1, 4, 4, 1))
    let table = Tensor("table", Shape(1, 2, 3, 1))
    add(ColorWeights(colors: narrow, table: table, weights: weights), "tensor narrow is 1×4×3×2, not 1×4×4×2")
    add(ColorWeights(colors: image, table: table, weights: image), "tensor image is 1×4×4×2, not 1×4×4×1")
    add(ColorWeights(colors: image, table: image, weights: weights), "tensor image is 1×4×4×2, not 1×4×4×1")
    add(ColorWeights(colors: image, table: one, weights: weights), "table one is 1×1×1×1, and needs two rows")
    add(ColorWeights(colors: image, table: sliced.channels(0..<1), weights: weights), "tensor sliced has gaps")
    add(BinaryCrossEntropy(logits: image, target: 1, loss: one, gradient: narrow), "tensor narrow is")
    add(
      SpectralNormalizationForward(weights: sliced, outputVector: two, inputVector: image, norm: one, output: image),
      "tensor sliced is")
    add(
      SpectralNormalizationForward(weights: image, outputVector: three, inputVector: image, norm: one, output: image),
      "tensor three is 1×1×1×3, not a vector of 2")
    add(
      BatchGather(
        images: image, indices: words, first: Variable(0), color: image, gray: image,
        encoding: .rgb(scale: 1, shift: 0)),
      "tensor image holds float32, not uint8")
    return misfits + normalizations + convolutions
  }

  private var normalizations: [(operation: any Operation, reason: String)] {
    var misfits: [(operation: any Operation, reason: String)] = []
    func addForward(
      _ reason: String, statistics: Tensor? = nil, population: Int? = nil, scale: Tensor? = nil,
      pooling: BatchNormalizationPooling? = nil
    ) {
      let operation = BatchNormalizationForward(
        input: image, statistics: statistics, population: population, scale: scale ?? two, shift: two,
        runningMean: two, runningVariance: two, savedMean: two, savedInverseDeviation: two, output: image,
        pooling: pooling)
      misfits.append((operation, reason))
    }
    addForward("tensor three is 1×1×1×3, not a vector of 2", scale: three)
    addForward("tensor two is 1×1×1×2, not 1×1×2×2", statistics: two)
    addForward(
      "tensor statistics has gaps", statistics: Tensor("statistics", Shape(1, 1, 2, 3)).channels(0..<2))
    addForward("tensor image is", pooling: BatchNormalizationPooling(output: image, indices: bytes))
    let moments = Tensor("moments", Shape(1, 1, 2, 2))
    addForward("statistics of 32 pixels for 1×4×4×2", population: 32)
    addForward("statistics of 15 pixels for 1×4×4×2", statistics: moments, population: 15)
    let inference = BatchNormalizationInference(
      input: image, scale: two, shift: two, runningMean: two, runningVariance: two, output: narrow)
    misfits.append((inference, "tensor narrow is"))
    let backward = BatchNormalizationBackward(
      input: image, scale: two, shift: two, savedMean: two, savedInverseDeviation: two, outputGradient: image,
      inputGradient: image, scaleGradient: two, shiftGradient: one)
    misfits.append((backward, "tensor one is"))
    let gradients = BatchNormalizationBackward(
      input: image, scale: two, shift: two, savedMean: two, savedInverseDeviation: two, outputGradient: image,
      inputGradient: image, scaleGradient: two, shiftGradient: two)
    misfits += [
      (BatchNormalizationGradientMeans(backward, population: 16, means: moments), "tensor one is"),
      (BatchNormalizationGradientMeans(gradients, population: 15, means: moments), "means over 15 pixels of 1×4×4×2"),
      (BatchNormalizationGradientMeans(gradients, population: 16, means: two), "tensor two is 1×1×1×2, not 1×1×2×2"),
      (BatchNormalizationInputGradient(backward, means: moments), "tensor one is"),
      (BatchNormalizationInputGradient(gradients, means: two), "tensor two is 1×1×1×2, not 1×1×2×2"),
      (MomentsJoin(Tensor("three parts", Shape(3, 1, 2, 2))), "tensor three parts is 3×1×2×2, not the moments of"),
      (MomentsJoin(Tensor("wide", Shape(2, 1, 2, 4)).channels(0..<2)), "tensor wide has gaps"),
    ]
    return misfits
  }

  private var convolutions: [(operation: any Operation, reason: String)] {
    var misfits: [(operation: any Operation, reason: String)] = []
    let weights = Tensor("weights", Shape(3, 3, 2, 2))
    func addForward(_ reason: String, weights: Tensor, bias: Tensor? = nil, kernel: Int, padding: Int = 1) {
      let operation = ConvolutionForward(
        input: image, weights: weights, bias: bias, output: image,
        geometry: ConvolutionGeometry(kernel: kernel, padding: padding))
      misfits.append((operation, reason))
    }
    addForward("is impossible", weights: weights, kernel: 0)
    addForward("do not fit a 7×7 kernel", weights: weights, kernel: 7)
    addForward("do not fit a 3×3 kernel", weights: weights, kernel: 3, padding: 0)
    addForward("tensor image is 1×4×4×2, not 3×3×2×2", weights: image, kernel: 3)
    addForward("tensor three is", weights: weights, bias: three, kernel: 3)
    addForward("tensor wide has gaps", weights: Tensor("wide", Shape(3, 3, 2, 4)).channels(0..<2), kernel: 3)
    // Channels are the other way around: the weights' input channels are the map's.
    let transposed = TransposedConvolutionForward(
      input: Tensor("map", Shape(1, 2, 2, 3)), weights: Tensor("weights", Shape(2, 2, 2, 3)), bias: nil, output: image,
      geometry: ConvolutionGeometry(kernel: 2, stride: 2))
    misfits.append((transposed, "tensor weights is 2×2×2×3, not 2×2×3×2"))
    return misfits
  }

  @Test("Operations whose tensors do not fit together are refused")
  func refused() throws {
    for (operation, reason) in misfits {
      let error = #expect(throws: BackendError.self, "\(operation.title): \(reason)") { try operation.validate() }
      guard case .invalidOperation(let title, let message)? = error else { continue }
      #expect(title == operation.title)
      #expect(message.contains(reason))
    }
  }

  @Test("A tensor outside its storage is refused")
  func storage() throws {
    let operation = Fill(output: image, value: 0)
    let storage = TensorStorage(name: "storage", elementType: .float32, count: 12)
    let shape = Shape(1, 2, 2, 2)
    try operation.requireWithinStorage(Tensor(storage: storage, shape: shape, offset: 1, pixelStride: 3))
    for wrong in [
      Tensor(storage: storage, shape: shape, offset: 2, pixelStride: 3),
      Tensor(storage: storage, shape: shape, offset: -1),
      Tensor(storage: storage, shape: shape, pixelStride: 1),
      Tensor(storage: storage, shape: Shape(0, 2, 2, 2)),
    ] {
      #expect(throws: BackendError.self, "\(wrong.shape) at \(wrong.offset)") {
        try operation.requireWithinStorage(wrong)
      }
    }
  }

  @Test("A convolution's name and pass follow from its problem")
  func passes() {
    let weights = Tensor("weights", Shape(3, 3, 2, 2))
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    let operations: [(operation: any ConvolutionOperation, title: String)] = [
      (
        ConvolutionForward(input: image, weights: weights, bias: nil, output: image, geometry: geometry),
        "Convolution forward"
      ),
      (
        ConvolutionBackwardData(outputGradient: image, weights: weights, inputGradient: image, geometry: geometry),
        "Convolution backwardData"
      ),
      (
        ConvolutionBackwardFilter(
          input: image, outputGradient: image, weightsGradient: weights, biasGradient: nil, geometry: geometry),
        "Convolution backwardFilter"
      ),
      (
        TransposedConvolutionForward(input: image, weights: weights, bias: nil, output: image, geometry: geometry),
        "TransposedConvolution forward"
      ),
      (
        TransposedConvolutionBackwardData(
          outputGradient: image, weights: weights, inputGradient: image, geometry: geometry),
        "TransposedConvolution backwardData"
      ),
      (
        TransposedConvolutionBackwardFilter(
          input: image, outputGradient: image, weightsGradient: weights, biasGradient: nil, geometry: geometry),
        "TransposedConvolution backwardFilter"
      ),
    ]
    for (operation, title) in operations {
      #expect(operation.title == title)
      #expect(operation.problem.title == title)
    }
  }
}
