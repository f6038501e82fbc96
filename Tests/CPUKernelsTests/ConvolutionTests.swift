import CVectorLoops
import KernelCases
import Runtime
import Testing

@testable import CPUKernels

@Suite("CPU backend: convolution")
struct ConvolutionTests {
  /// Around the tiles, chunks and blocks of minimal filtering.
  static let shapes: [ConvolutionSample] = [
    // Whole maps of 2 × 2.
    ConvolutionSample(batch: 5, height: 2, width: 2, inputChannels: 16, outputChannels: 16),
    ConvolutionSample(batch: 67, height: 2, width: 2, inputChannels: 80, outputChannels: 48),
    ConvolutionSample(batch: 9, height: 2, width: 2, inputChannels: 144, outputChannels: 160),
    ConvolutionSample(batch: 4, height: 2, width: 2, inputChannels: 64, outputChannels: 33),
    // Tiles that are full, and tiles that are not.
    ConvolutionSample(batch: 4, height: 4, width: 4, inputChannels: 16, outputChannels: 32),
    ConvolutionSample(batch: 65, height: 4, width: 4, inputChannels: 32, outputChannels: 144),
    ConvolutionSample(batch: 2, height: 8, width: 8, inputChannels: 80, outputChannels: 64),
    ConvolutionSample(batch: 3, height: 7, width: 8, inputChannels: 48, outputChannels: 80),
    ConvolutionSample(batch: 1, height: 13, width: 19, inputChannels: 16, outputChannels: 17),
    ConvolutionSample(batch: 2, height: 4, width: 31, inputChannels: 96, outputChannels: 16),
    ConvolutionSample(batch: 1, height: 32, width: 32, inputChannels: 64, outputChannels: 16),
    // Enough tiles and pixels for a weight gradient's sum in several parts.
    ConvolutionSample(batch: 4, height: 32, width: 32, inputChannels: 16, outputChannels: 16),
  ]

  @Test("Both algorithms match the reference", arguments: shapes, ConvolutionAlgorithm.allCases)
  func algorithms(sample: ConvolutionSample, algorithm: ConvolutionAlgorithm) throws {
    for threads in [1, 3] {
      let runner = CaseRunner(backend: CPUBackend(threadCount: threads))
      for pass in [Pass.forward, .backwardData, .backwardFilter] {
        let result = try runner.run(sample.instance(pass, algorithm))
        let failures = result.failures.map(\.description)
        #expect(failures.isEmpty, "\(pass)")
      }
    }
  }

  @Test("The samples reach minimal filtering in both orders and with both transforms")
  func coverage() throws {
    let pool = ThreadPool(workerCount: 1)
    let plans = Self.shapes.compactMap { ConvolutionWinograd.Plan($0.shape, toLarge: false, pool: pool) }
    #expect(plans.count == Self.shapes.count)
    for kind in [winograd_tile_4x4, winograd_map_2x2] {
      let orders = plans.filter { $0.kind == kind }.map(\.order)
      #expect(orders.contains { if case .byTiles = $0 { true } else { false } })
      #expect(orders.contains { if case .byPanels = $0 { true } else { false } })
    }
    let filters = Self.shapes.compactMap { ConvolutionWinogradFilter.Plan($0.shape, pool: pool) }
    #expect(filters.contains { $0.parts > 1 } && filters.contains { $0.parts == 1 })
  }

  @Test("The bits do not depend on the number of threads", arguments: ConvolutionAlgorithm.allCases)
  func threadCounts(algorithm: ConvolutionAlgorithm) throws {
    for sample in Self.shapes {
      for pass in [Pass.forward, .backwardData, .backwardFilter] {
        let one = try sample.results(pass, algorithm, on: CPUBackend(threadCount: 1))
        for threads in [2, 5] {
          #expect(try sample.results(pass, algorithm, on: CPUBackend(threadCount: threads)) == one)
        }
      }
    }
  }

  @Test("No convolution of the U-Net at width 64 takes much scratch memory")
  func workspace() throws {
    let backend = CPUBackend(threadCount: 2)
    for level in 0..<5 {
      let side = 32 >> level
      let channels = 64 << level
      let output = Tensor("output", Shape(64, side, side, channels))
      for inputChannels in [level == 0 ? 1 : channels / 2, channels, 2 * channels] {
        let input = Tensor("input", Shape(64, side, side, inputChannels))
        let weights = Tensor("weights", Shape(3, 3, inputChannels, channels))
        let geometry = ConvolutionSample.geometry
        let operations: [any Operation] = [
          ConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry),
          ConvolutionBackwardData(outputGradient: output, weights: weights, inputGradient: input, geometry: geometry),
          ConvolutionBackwardFilter(
            input: input, outputGradient: output, weightsGradient: weights, biasGradient: nil, geometry: geometry),
        ]
        for operation in operations {
          #expect(operation.workspaceByteCount(on: backend) < 32 << 20, "\(operation.pass) \(input.shape)")
        }
      }
    }
  }

  @Test("Shapes that do not fit are refused")
  func errors() throws {
    let backend = CPUBackend(threadCount: 1)
    let geometry = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
    func tensor(_ shape: Shape) throws -> Tensor {
      let tensor = Tensor("tensor", shape)
      tensor.storage.memory = try backend.allocate(byteCount: tensor.storage.byteCount)
      return tensor
    }
    func prepare(_ operation: some Operation) throws {
      let workspace = try backend.allocate(byteCount: operation.workspaceByteCount(on: backend))
      _ = try operation.prepare(on: backend, workspace: workspace)
    }
    let input = try tensor(Shape(1, 8, 8, 4))
    let weights = try tensor(Shape(3, 3, 4, 5))
    try prepare(
      ConvolutionForward(
        input: input, weights: weights, bias: nil, output: try tensor(Shape(1, 4, 4, 5)), geometry: geometry))
    for wrong in [Shape(1, 4, 5, 5), Shape(1, 4, 4, 6), Shape(2, 4, 4, 5)] {
      let output = try tensor(wrong)
      #expect(throws: BackendError.self) {
        try prepare(
          ConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry))
      }
      #expect(throws: BackendError.self) {
        try prepare(
          ConvolutionBackwardFilter(
            input: input, outputGradient: output, weightsGradient: weights, biasGradient: nil, geometry: geometry))
      }
    }
  }
}
