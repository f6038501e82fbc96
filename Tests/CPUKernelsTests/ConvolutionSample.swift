import KernelCases
import struct KernelCases.HostTensor
import Runtime
import Testing

@testable import CPUKernels

/// A 3 × 3 convolution with stride 1 and padding 1, of slices of wider images, with a chosen algorithm.
struct ConvolutionSample: CustomTestStringConvertible, Sendable {
  let batch: Int
  let height: Int
  let width: Int
  let inputChannels: Int
  let outputChannels: Int

  static let geometry = ConvolutionGeometry(kernel: 3, stride: 1, padding: 1)

  var testDescription: String { "\(inputShape) → \(outputChannels)" }
  var inputShape: Shape { Shape(batch, height, width, inputChannels) }
  var outputShape: Shape { Shape(batch, height, width, outputChannels) }
  var weightsShape: Shape { Shape(3, 3, inputChannels, outputChannels) }
  var shape: ConvolutionShape { ConvolutionShape(input: inputShape, output: outputShape, geometry: Self.geometry) }

  private func values(_ shape: Shape, stream: UInt64) -> HostTensor {
    var random = Philox(seed: 7, stream: stream)
    return HostTensor(shape, (0..<shape.count).map { _ in Double(random.nextUniform(in: -1...1)) })
  }

  /// Channels 3 and on of a tensor with 5 channels more.
  private func slice(_ name: String, _ shape: Shape) -> Tensor {
    Tensor(name, Shape(shape.batch, shape.height, shape.width, shape.channels + 5)).channels(3..<3 + shape.channels)
  }

  func instance(_ pass: Pass, _ algorithm: ConvolutionAlgorithm) -> CaseInstance {
    let input = values(inputShape, stream: 1)
    let weights = values(weightsShape, stream: 2)
    let bias = values(Shape(vector: outputChannels), stream: 3)
    let outputGradient = values(outputShape, stream: 4)
    let inputTensor = slice("input", inputShape)
    let outputTensor = slice("output", outputShape)
    let weightsTensor = Tensor("weights", weightsShape)
    let biasTensor = Tensor("bias", bias.shape)
    let operation: any Operation
    let inputs: [TensorValues]
    let expected: () -> [TensorValues]
    switch pass {
    case .forward:
      operation = ConvolutionForward(
        input: inputTensor, weights: weightsTensor, bias: biasTensor, output: outputTensor, geometry: Self.geometry)
      inputs = [
        TensorValues(inputTensor, input), TensorValues(weightsTensor, weights), TensorValues(biasTensor, bias),
      ]
      expected = {
        [
          TensorValues(
            outputTensor,
            Reference.convolutionForward(input: input, weights: weights, bias: bias, Self.geometry))
        ]
      }
    case .backwardData:
      operation = ConvolutionBackwardData(
        outputGradient: outputTensor, weights: weightsTensor, inputGradient: inputTensor, geometry: Self.geometry)
      inputs = [TensorValues(outputTensor, outputGradient), TensorValues(weightsTensor, weights)]
      expected = {
        [
          TensorValues(
            inputTensor,
            Reference.convolutionBackwardData(
              outputGradient: outputGradient, weights: weights, inputShape: inputShape, Self.geometry))
        ]
      }
    default:
      // Added to what is there.
      operation = ConvolutionBackwardFilter(
        input: inputTensor, outputGradient: outputTensor, weightsGradient: weightsTensor, biasGradient: biasTensor,
        geometry: Self.geometry, accumulate: true)
      inputs = [
        TensorValues(inputTensor, input), TensorValues(outputTensor, outputGradient),
        TensorValues(weightsTensor, weights), TensorValues(biasTensor, bias),
      ]
      expected = {
        [
          TensorValues(
            weightsTensor,
            weights
              + Reference.convolutionBackwardFilter(
                input: input, outputGradient: outputGradient, Self.geometry)),
          TensorValues(biasTensor, bias + Reference.biasGradient(outputGradient: outputGradient)),
        ]
      }
    }
    return CaseInstance(
      operation: ChosenConvolution(operation: operation, shape: shape, algorithm: algorithm), inputs: inputs,
      tolerance: KernelCase.defaultTolerance, reference: expected)
  }

  /// The bits that the pass writes.
  func results(_ pass: Pass, _ algorithm: ConvolutionAlgorithm, on backend: CPUBackend) throws -> [[UInt8]] {
    let instance = instance(pass, algorithm)
    for storage in instance.storages {
      let memory = try backend.allocate(byteCount: storage.byteCount)
      storage.memory = memory
      let zeros = [UInt8](repeating: 0, count: storage.byteCount)
      try zeros.withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: 0) }
    }
    for contents in instance.inputs {
      guard let memory = contents.tensor.storage.memory else { continue }
      for pixel in 0..<contents.tensor.shape.pixelCount {
        let channels = contents.tensor.shape.channels
        let floats = contents.values.values[pixel * channels..<(pixel + 1) * channels].map { Float($0) }
        let element = contents.tensor.offset + pixel * contents.tensor.pixelStride
        try floats.withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: element * 4) }
      }
    }
    let workspace = try backend.allocate(byteCount: instance.operation.workspaceByteCount(on: backend))
    try instance.operation.prepare(on: backend, workspace: workspace).run()
    return try instance.operation.writes.map { tensor in
      var bytes = [UInt8](repeating: 0, count: tensor.storage.byteCount)
      if let memory = tensor.storage.memory {
        try bytes.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 0, into: $0) }
      }
      return bytes
    }
  }
}
