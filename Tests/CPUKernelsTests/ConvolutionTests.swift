import CVectorLoops
import KernelCases
import Runtime
import Testing

@testable import CPUKernels

@Suite("CPU backend: convolution")
struct ConvolutionTests {
  /// Around the tiles, chunks and blocks of Winograd's algorithm.
  static let samples: [ConvolutionSample] = [
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
    // Stride 2: tiles that are full, and tiles that are not.
    ConvolutionSample(batch: 4, height: 4, width: 4, inputChannels: 16, outputChannels: 16, outputPadding: 1),
    ConvolutionSample(batch: 65, height: 4, width: 4, inputChannels: 48, outputChannels: 80, outputPadding: 1),
    ConvolutionSample(batch: 3, height: 7, width: 8, inputChannels: 144, outputChannels: 64, outputPadding: 0),
    ConvolutionSample(batch: 2, height: 8, width: 31, inputChannels: 64, outputChannels: 32, outputPadding: 1),
    ConvolutionSample(batch: 5, height: 16, width: 16, inputChannels: 32, outputChannels: 16, outputPadding: 0),
    // Few channels.
    ConvolutionSample(batch: 3, height: 31, width: 33, inputChannels: 1, outputChannels: 33),
    ConvolutionSample(batch: 3, height: 31, width: 33, inputChannels: 3, outputChannels: 33, kernel: 4),
    ConvolutionSample(batch: 5, height: 32, width: 32, inputChannels: 4, outputChannels: 16, kernel: 4),
    // A discriminator's.
    ConvolutionSample(batch: 4, height: 8, width: 8, inputChannels: 16, outputChannels: 16, kernel: 4),
    ConvolutionSample(batch: 65, height: 8, width: 8, inputChannels: 80, outputChannels: 144, kernel: 4),
    ConvolutionSample(batch: 2, height: 14, width: 16, inputChannels: 144, outputChannels: 32, kernel: 4),
    ConvolutionSample(batch: 5, height: 32, width: 32, inputChannels: 16, outputChannels: 48, kernel: 4),
  ]

  @Test("Every algorithm matches the reference", arguments: samples, PlannedConvolution.Planning.available)
  func algorithms(sample: ConvolutionSample, planning: PlannedConvolution.Planning) throws {
    for threads in [1, 3] {
      let runner = CaseRunner(backend: CPUBackend(threadCount: threads))
      for pass in ConvolutionSample.passes {
        let result = try runner.run(sample.instance(pass, planned: planning))
        #expect(result.failures.map(\.description) == [], "\(pass) on \(threads) threads")
      }
    }
  }

  @Test("The samples reach the loops of few channels, and Winograd's algorithm in both orders with all transforms")
  func coverage() throws {
    let pool = ThreadPool(workerCount: 1)
    func problems(_ pass: Pass) -> [ConvolutionProblem] {
      Self.samples.compactMap {
        ($0.instance(pass, planned: .fastest).operation as? PlannedConvolution)?.problem
      }
    }
    let sums = (problems(.forward) + problems(.backwardData)).compactMap { WinogradData($0, on: pool, nil) }
    #expect(sums.count == Self.samples.count * 2 - 8, "few and odd channels are no source, few no result")
    let kinds = [
      winograd_tile_4x4, winograd_map_2x2, winograd_stride_2_image, winograd_stride_2_map, winograd_kernel_4_image,
      winograd_kernel_4_map,
    ]
    for kind in kinds {
      let orders = sums.filter { $0.kind == kind }.map(\.order)
      #expect(orders.contains { if case .byTiles = $0 { true } else { false } })
      #expect(orders.contains { if case .byPanels = $0 { true } else { false } })
    }
    #expect(problems(.forward).compactMap { FewChannelsData($0, on: pool) }.count == 3)
    #expect(problems(.backwardData).compactMap { FewChannelsData($0, on: pool) }.count == 2, "4 × 4 alone")
    #expect(problems(.backwardFilter).compactMap { FewChannelsFilter($0, on: pool) }.count == 3)
    let filters = problems(.backwardFilter).compactMap { WinogradFilter($0, on: pool, nil) }
    #expect(filters.contains { $0.parts.count > 1 } && filters.contains { $0.parts.count == 1 })
    #expect(filters.contains { $0.kind == winograd_stride_2_image })
    #expect(filters.contains { $0.kind == winograd_kernel_4_map })
    #expect(filters.contains { $0.parts.blocks > 1 } && filters.contains { $0.parts.blocks == 1 })
  }

  @Test(
    "The bits do not depend on the number of threads", arguments: samples, PlannedConvolution.Planning.available)
  func threadCounts(sample: ConvolutionSample, planning: PlannedConvolution.Planning) throws {
    for pass in ConvolutionSample.passes {
      let one = try sample.instance(pass, planned: planning).results(on: CPUBackend(threadCount: 1))
      for threads in [2, 5] {
        let other = try sample.instance(pass, planned: planning).results(on: CPUBackend(threadCount: threads))
        #expect(other == one, "\(pass) on \(threads) threads")
      }
    }
  }

  /// Convolutions that compute statistics by tiles, by panels on some numbers of threads, and by shifted products.
  static let statisticsShapes: [(input: Shape, outputs: Int, geometry: ConvolutionGeometry)] = [
    (Shape(9, 16, 16, 32), 48, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(5, 7, 9, 16), 33, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(70, 2, 2, 32), 64, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(3, 31, 33, 1), 16, ConvolutionGeometry(kernel: 3, padding: 1)),
    (Shape(9, 31, 33, 4), 17, ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)),
    (Shape(11, 16, 16, 17), 80, ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)),
    (Shape(11, 18, 26, 32), 80, ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)),
  ]

  @Test("A library's bits do not depend on the number of threads where the loops share channels", .needsBLAS)
  func libraryThreadCounts() throws {
    // Few positions of several phases with many channels, which more threads share more finely.
    let (source, result) = (Shape(3, 5, 6, 40), Shape(3, 9, 11, 300))
    let geometry = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
    let (input, output) = (Tensor("input", source), Tensor("output", result))
    let weights = Tensor("weights", Shape(3, 3, source.channels, result.channels))
    func values(_ tensor: Tensor, stream: UInt64) -> TensorValues {
      var random = Philox(seed: 3, stream: stream)
      return TensorValues(
        tensor,
        ReferenceTensor(tensor.shape, (0..<tensor.shape.count).map { _ in Double(random.nextUniform(in: -1...1)) }))
    }
    let operations: [any ConvolutionOperation & ReferencedOperation] = [
      TransposedConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry),
      TransposedConvolutionBackwardData(
        outputGradient: output, weights: weights, inputGradient: input, geometry: geometry),
      TransposedConvolutionBackwardFilter(
        input: input, outputGradient: output, weightsGradient: weights, biasGradient: nil, geometry: geometry),
    ]
    let blas = try BLAS.shared()
    for operation in operations {
      let inputs = operation.reads.enumerated().map { values($1, stream: UInt64($0)) }
      let instance = CaseInstance(operation: operation, inputs: inputs)
      let one = try instance.results(on: CPUBackend(threadCount: 1, blas: blas))
      for threadCount in [2, 5, 16] {
        let other = try instance.results(on: CPUBackend(threadCount: threadCount, blas: blas))
        #expect(other == one, "\(operation.pass) on \(threadCount) threads")
      }
    }
  }

  @Test(
    "Statistics of the output do not depend on the number of threads", arguments: statisticsShapes,
    (try? BLAS.shared()) == nil ? [MatrixProducts.vector] : MatrixProducts.allCases)
  func statistics(
    shapes: (input: Shape, outputs: Int, geometry: ConvolutionGeometry), products: MatrixProducts
  ) throws {
    let (input, outputs, geometry) = shapes
    let blas = products == .blas ? try BLAS.shared() : nil
    func values(_ tensor: Tensor, stream: UInt64) -> TensorValues {
      var random = Philox(seed: 1, stream: stream)
      return TensorValues(
        tensor,
        ReferenceTensor(
          tensor.shape, (0..<tensor.shape.count).map { _ in Double(random.nextUniform(in: 0...2)) }))
    }
    func results(threadCount: Int) throws -> [[UInt8]] {
      let (image, weights) = (
        Tensor("input", input),
        Tensor("weights", Shape(geometry.kernelHeight, geometry.kernelWidth, input.channels, outputs))
      )
      let operation = ConvolutionForward(
        input: image, weights: weights, bias: nil,
        output: Tensor("output", geometry.outputShape(of: input, outputChannels: outputs)),
        statistics: Tensor("statistics", Shape(1, 1, 2, outputs)), geometry: geometry)
      return try CaseInstance(operation: operation, inputs: [values(image, stream: 1), values(weights, stream: 2)])
        .results(on: CPUBackend(threadCount: threadCount, blas: blas))
    }
    let one = try results(threadCount: 1)
    // The memory was zero before; means and variances of positive data are not.
    let areStatistics = one[1].withUnsafeBytes { bytes in
      bytes.bindMemory(to: Float.self).allSatisfy { $0.isFinite && $0 > 0 }
    }
    #expect(areStatistics)
    for threadCount in [2, 3, 5] { #expect(try results(threadCount: threadCount) == one, "\(threadCount) threads") }
  }

  @Test(
    "No convolution of the U-Net at width 64 takes much scratch memory", arguments: 0..<5,
    (try? BLAS.shared()) == nil ? [MatrixProducts.vector] : MatrixProducts.allCases)
  func workspace(level: Int, products: MatrixProducts) throws {
    let blas = products == .blas ? try BLAS.shared() : nil
    let (backend, manyThreads) = (CPUBackend(threadCount: 2, blas: blas), CPUBackend(threadCount: 16, blas: blas))
    let side = 32 >> level
    let channels = 64 << level
    let output = Tensor("output", Shape(64, side, side, channels))
    for inputChannels in [level == 0 ? 1 : channels / 2, channels, 2 * channels] {
      let input = Tensor("input", Shape(64, side, side, inputChannels))
      let weights = Tensor("weights", Shape(3, 3, inputChannels, channels))
      let geometry = ConvolutionGeometry(kernel: 3, stride: 1, padding: 1)
      var operations: [any Operation] = [
        ConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry),
        ConvolutionBackwardData(outputGradient: output, weights: weights, inputGradient: input, geometry: geometry),
        ConvolutionBackwardFilter(
          input: input, outputGradient: output, weightsGradient: weights, biasGradient: nil, geometry: geometry),
      ]
      if side > 2, inputChannels == 2 * channels {
        // The decoder's transposed convolution onto this level.
        let input = Tensor("input", Shape(64, side / 2, side / 2, inputChannels))
        let geometry = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
        operations += [
          TransposedConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry),
          TransposedConvolutionBackwardData(
            outputGradient: output, weights: weights, inputGradient: input, geometry: geometry),
          TransposedConvolutionBackwardFilter(
            input: input, outputGradient: output, weightsGradient: weights, biasGradient: nil, geometry: geometry),
        ]
      }
      if side > 2, inputChannels == channels {
        // A discriminator's convolution from this level.
        let output = Tensor("output", Shape(64, side / 2, side / 2, 2 * channels))
        let weights = Tensor("weights", Shape(4, 4, channels, 2 * channels))
        let geometry = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)
        operations += [
          ConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry),
          ConvolutionBackwardData(outputGradient: output, weights: weights, inputGradient: input, geometry: geometry),
          ConvolutionBackwardFilter(
            input: input, outputGradient: output, weightsGradient: weights, biasGradient: nil, geometry: geometry),
        ]
      }
      for operation in operations {
        let byteCount = try operation.plan(on: backend).workspaceByteCount
        #expect(byteCount < 32 << 20, "\(type(of: operation)) \(input.shape)")
        let byteCountOfMany = try operation.plan(on: manyThreads).workspaceByteCount
        #expect(byteCountOfMany < 160 << 20, "\(type(of: operation)) \(input.shape), 16 threads")
      }
    }
  }

  @Test(
    "Shapes that do not fit are refused",
    arguments: [Shape(1, 4, 5, 5), Shape(1, 4, 4, 6), Shape(2, 4, 4, 5)])
  func errors(wrong: Shape) throws {
    let backend = CPUBackend(threadCount: 1)
    let geometry = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
    let (input, weights) = (Tensor("input", Shape(1, 8, 8, 4)), Tensor("weights", Shape(3, 3, 4, 5)))
    func plan(output: Tensor) throws {
      _ = try ConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry)
        .plan(on: backend)
    }
    try plan(output: Tensor("output", Shape(1, 4, 4, 5)))
    let output = Tensor("output", wrong)
    #expect(throws: BackendError.self) { try plan(output: output) }
    #expect(throws: BackendError.self) {
      try ConvolutionBackwardFilter(
        input: input, outputGradient: output, weightsGradient: weights, biasGradient: nil, geometry: geometry
      ).plan(on: backend)
    }
  }
}

extension CaseInstance {
  /// Runs the operation on memory that is zero but for the inputs and returns the bytes of the storages that it writes.
  func results(on backend: CPUBackend) throws -> [[UInt8]] {
    for storage in storages {
      let memory = try backend.allocate(byteCount: storage.byteCount)
      storage.memory = memory
      let zeros = [UInt8](repeating: 0, count: storage.byteCount)
      try zeros.withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: 0) }
    }
    for contents in inputs {
      let (tensor, channels) = (contents.tensor, contents.tensor.shape.channels)
      guard let memory = tensor.storage.memory else { continue }
      for pixel in 0..<tensor.shape.pixelCount {
        let floats = contents.values.values[pixel * channels..<(pixel + 1) * channels].map { Float($0) }
        let element = tensor.offset + pixel * tensor.pixelStride
        try floats.withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: element * 4) }
      }
    }
    try backend.launch(operation).run()
    return try operation.writes.map { tensor in
      var bytes = [UInt8](repeating: 0, count: tensor.storage.byteCount)
      if let memory = tensor.storage.memory {
        try bytes.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 0, into: $0) }
      }
      return bytes
    }
  }
}
