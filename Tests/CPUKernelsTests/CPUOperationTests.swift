import CPUKernels
import Glibc
import Runtime
import Testing

/// Properties that the kernel cases do not test: bits on different numbers of threads, statistics far from 0, data out
/// of range.
@Suite("CPU backend: operations")
struct CPUOperationTests {
  /// A dense tensor in memory of `backend` that holds `values`.
  private func tensor(_ name: String, _ shape: Shape, _ values: [Float], on backend: CPUBackend) throws -> Tensor {
    let tensor = Tensor(name, shape)
    let memory = try backend.allocate(byteCount: values.count * 4)
    tensor.storage.memory = memory
    try values.withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: 0) }
    return tensor
  }

  private func values(_ tensor: Tensor, on backend: CPUBackend) throws -> [Float] {
    var values = [Float](repeating: 0, count: tensor.shape.count)
    guard let memory = tensor.storage.memory else { return [] }
    try values.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 0, into: $0) }
    return values
  }

  private func run(_ operation: some Operation, on backend: CPUBackend) throws { try backend.launch(operation).run() }

  /// Returns pseudo-random numbers between −½ and ½, the same each time.
  private func noise(_ count: Int) -> [Float] {
    var state: UInt32 = 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 8) / Float(1 << 24) - 0.5
    }
  }

  /// Returns output, statistics and gradients of batch normalization with a loss of the output.
  private func trainingResults(_ input: [Float], _ shape: Shape, on backend: CPUBackend) throws -> [[Float]] {
    let channels = Shape(vector: shape.channels)
    let ones = [Float](repeating: 1, count: shape.channels)
    let x = try tensor("x", shape, input, on: backend)
    let vectors = try (0..<8).map { try tensor("vector\($0)", channels, ones, on: backend) }
    let output = try tensor("output", shape, input, on: backend)
    let gradient = try tensor("gradient", shape, input, on: backend)
    let loss = try tensor("loss", Shape(vector: 1), [0], on: backend)
    try run(
      BatchNormalizationForward(
        input: x, scale: vectors[0], shift: vectors[1], runningMean: vectors[2], runningVariance: vectors[3],
        savedMean: vectors[4], savedInverseDeviation: vectors[5], output: output,
        activation: .leakyReLU(slope: 0.01)), on: backend)
    try run(PixelwiseLoss(.meanSquared, prediction: output, target: x, loss: loss, gradient: gradient), on: backend)
    try run(
      BatchNormalizationBackward(
        input: x, scale: vectors[0], shift: vectors[1], savedMean: vectors[4], savedInverseDeviation: vectors[5],
        outputGradient: gradient, inputGradient: gradient, scaleGradient: vectors[6], shiftGradient: vectors[7],
        activation: .leakyReLU(slope: 0.01)), on: backend)
    return try ([output, gradient, loss] + vectors).map { try values($0, on: backend) }
  }

  @Test("The number of threads does not change a bit", arguments: [3, 16, 17, 64, 200])
  func threadCounts(channels: Int) throws {
    let shape = Shape(5, 31, 33, channels)
    let input = noise(shape.count)
    let expected = try trainingResults(input, shape, on: CPUBackend(threadCount: 1))
    for threadCount in [2, 3, 5] {
      let results = try trainingResults(input, shape, on: CPUBackend(threadCount: threadCount))
      #expect(results == expected, "\(threadCount) threads")
    }
  }

  @Test(
    "Statistics are right where the mean is 10,000 deviations, and the first pixel far off", arguments: [3, 64, 80])
  func largeMean(channels: Int) throws {
    let backend = CPUBackend(threadCount: 2)
    let shape = Shape(3, 40, 40, channels)
    var input = noise(shape.count).map { 3000 + $0 }
    for c in 0..<channels { input[c] = 3010 }
    let results = try trainingResults(input, shape, on: backend)
    let (output, mean, inverseDeviation) = (results[0], results[3 + 4], results[3 + 5])
    for c in 0..<channels {
      let values = (0..<shape.pixelCount).map { Double(input[$0 * channels + c]) }
      let trueMean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - trueMean) * ($1 - trueMean) } / Double(values.count)
      let deviation = (variance + 1e-5).squareRoot()
      #expect(abs(Double(mean[c]) / trueMean - 1) < 1e-7)
      #expect(abs(Double(inverseDeviation[c]) * deviation - 1) < 1e-6)
      for pixel in stride(from: 0, to: shape.pixelCount, by: 7) {
        let z = (values[pixel] - trueMean) / deviation + 1
        #expect(abs(Double(output[pixel * channels + c]) - (z > 0 ? z : 0.01 * z)) < 1e-5)
      }
    }
  }

  @Test("A batch past the last index or image is refused when it is launched")
  func gatherOutOfRange() throws {
    let backend = CPUBackend(threadCount: 2)
    let images = Tensor("images", Shape(4, 2, 2, 3), .uint8)
    images.storage.memory = try backend.allocate(byteCount: images.storage.byteCount)
    let indices = Tensor("indices", Shape(vector: 3), .uint32)
    let memory = try backend.allocate(byteCount: indices.storage.byteCount)
    indices.storage.memory = memory
    try [UInt32]([1, 3, 4]).withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: 0) }
    let zeros = [Float](repeating: 0, count: 2 * 2 * 2 * 3)
    let first = Variable(0)
    let launch = try backend.launch(
      BatchGather(
        images: images, indices: indices, first: first,
        color: try tensor("color", Shape(2, 2, 2, 3), zeros, on: backend),
        gray: try tensor("gray", Shape(2, 2, 2, 1), Array(zeros.prefix(8)), on: backend),
        encoding: .rgb(scale: 1, shift: 0)))
    try launch.run()
    for start in [1, 2, -1] {
      first.value = start
      #expect(throws: BackendError.self) { try launch.run() }
    }
  }

  @Test(
    "Tensors of other shapes, without memory or on another device are refused", arguments: ["two", "empty", "foreign"])
  func misfits(name: String) throws {
    let backend = CPUBackend(threadCount: 1)
    let four = try tensor("four", Shape(1, 2, 2, 1), [1, 2, 3, 4], on: backend)
    let other = Tensor(name, name == "two" ? Shape(1, 1, 2, 1) : Shape(1, 2, 2, 1))
    if name == "two" { other.storage.memory = try backend.allocate(byteCount: 8) }
    if name == "foreign" { other.storage.memory = DeviceMemory(byteCount: 16) }
    #expect(throws: BackendError.self) {
      try backend.launch(ActivationForward(input: four, output: other, activation: .tanh))
    }
  }

  @Test("A tensor that ends past its storage is refused, and a loss without its workspace")
  func missingMemory() throws {
    let backend = CPUBackend(threadCount: 1)
    let four = try tensor("four", Shape(1, 2, 2, 1), [1, 2, 3, 4], on: backend)
    let beyond = Tensor(storage: four.storage, shape: Shape(1, 2, 2, 1), offset: 1)
    #expect(throws: BackendError.self) {
      try backend.launch(ActivationForward(input: four, output: beyond, activation: .tanh))
    }
    let loss = try tensor("loss", Shape(vector: 1), [0], on: backend)
    let planned = try PixelwiseLoss(.meanSquared, prediction: four, target: four, loss: loss).plan(on: backend)
    #expect(throws: BackendError.self) { try planned.bind(workspace: nil) }
  }
}
