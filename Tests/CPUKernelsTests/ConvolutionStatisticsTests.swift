import CPUKernels
import Runtime
import Testing

@Suite("Statistics of a convolution's output")
struct ConvolutionStatisticsTests {
  /// Shapes that are computed by tiles, by panels on some numbers of threads, and directly.
  static let shapes: [(input: Shape, outputs: Int, geometry: ConvolutionGeometry)] = [
    (Shape(9, 16, 16, 32), 48, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(5, 7, 9, 16), 33, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(70, 2, 2, 32), 64, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(3, 31, 33, 1), 16, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(11, 16, 16, 17), 80, ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)),
  ]

  @Test("do not depend on the number of threads", arguments: shapes.indices)
  func threadCounts(index: Int) throws {
    let one = try statistics(index, threadCount: 1)
    #expect(one.allSatisfy { $0.isFinite })
    for threadCount in [2, 3, 5] {
      let other = try statistics(index, threadCount: threadCount)
      #expect(other == one)
    }
  }

  private func statistics(_ index: Int, threadCount: Int) throws -> [Float] {
    let backend = CPUBackend(threadCount: threadCount)
    let (input, outputs, geometry) = Self.shapes[index]
    func filled(_ name: String, _ shape: Shape) throws -> Tensor {
      let tensor = Tensor(name, shape)
      tensor.storage.memory = try backend.allocate(byteCount: tensor.storage.byteCount)
      try backend.prepare(
        RandomFill(output: tensor, distribution: .normal(mean: 1, deviation: 1), seed: 1, stream: UInt64(shape.count))
      ).run()
      return tensor
    }
    let result = try filled("statistics", Shape(1, 1, 2, outputs))
    let operation = ConvolutionForward(
      input: try filled("input", input),
      weights: try filled("weights", Shape(geometry.kernelHeight, geometry.kernelWidth, input.channels, outputs)),
      bias: nil, output: try filled("output", geometry.outputShape(of: input, outputChannels: outputs)),
      statistics: result, geometry: geometry)
    let workspace = try backend.allocate(byteCount: operation.workspaceByteCount(on: backend))
    try operation.prepare(on: backend, workspace: workspace).run()
    var values = [Float](repeating: 0, count: 2 * outputs)
    if let memory = result.storage.memory {
      try values.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 0, into: $0) }
    }
    return values
  }
}
