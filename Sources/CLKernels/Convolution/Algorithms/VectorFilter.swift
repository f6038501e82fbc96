import Runtime

/// convolution_vector_filter.cl: one work-item per group, a register tile of input channels × vectors of output
/// channels inside a block that stays in the first-level cache.
struct VectorFilter: SplitFilter {
  /// Input channels of the register tile.
  var tileRows: Int
  /// Vectors of 16 output channels of the register tile.
  var tileVectors: Int
  /// Pixels that are copied side by side and used for all tiles of a block.
  var blockPixels = 64
  /// Input channels that a work-item sums up.
  var blockRows = 64
  /// Output channels that a work-item sums up.
  var blockColumns = 64
  var splits = 1

  /// Parameters that are good on many CPUs.
  init(for problem: ConvolutionProblem) {
    (tileRows, tileVectors) = problem.outputSide.shape.channels <= 16 ? (16, 1) : (8, 2)
    setSplits(for: problem)
  }

  init(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) { self.init(for: problem) }

  /// Sets as many parts as are good with blocks of this size.
  private mutating func setSplits(for problem: ConvolutionProblem) {
    // All blocks and taps of one part run one after the other: its pixels should stay in the second-level cache, as
    // long as the parts of the sums do not become more than the tensors themselves.
    let elements = problem.image.shape.count + problem.map.shape.count
    let cached = min(ceilDivide(elements, 256 * 1024), elements / problem.weights.shape.count)
    let wanted = max(ceilDivide(64, blocks(problem) * problem.geometry.taps), cached)
    splits = max(1, min(wanted, problem.k / 64))
  }

  /// Register tiles and the blocks that they fill: those of 32 registers of 16 floats, then of 16 registers of 8.
  private static let tiles = [
    (8, 2, 64, 64), (16, 1, 64, 64), (12, 2, 48, 64), (6, 4, 48, 64), (8, 3, 64, 96), (24, 1, 48, 64),
    (16, 1, 32, 32), (8, 2, 32, 32), (4, 1, 64, 64), (2, 2, 64, 64),
  ]

  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [VectorFilter] {
    let standard = VectorFilter(for: problem)
    return [standard]
      + tiles.map { tileRows, tileVectors, blockRows, blockColumns in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (tileRows, tileVectors)
        (copy.blockRows, copy.blockColumns) = (blockRows, blockColumns)
        copy.setSplits(for: problem)
        return copy
      }
  }

  var kind: AlgorithmKind { .vector }
  var neighbours: [VectorFilter] {
    splitsNeighbours + scaling(\.blockPixels) + scaling(\.tileRows) + stepping(\.tileVectors)
      + stepping(\.blockRows, by: [-16, 16]) + scaling(\.blockRows)
      + stepping(\.blockColumns, by: [-16, 16]) + scaling(\.blockColumns)
  }
  var description: String {
    "vector \(tileRows)×\(tileColumns) of \(blockRows)×\(blockColumns), \(blockPixels) pixels" + splitsDescription
  }

  private var tileColumns: Int { tileVectors * 16 }

  /// Blocks of input × output channels.
  private func blocks(_ problem: ConvolutionProblem) -> Int {
    ceilDivide(problem.inputSide.shape.channels, blockRows)
      * ceilDivide(problem.outputSide.shape.channels, blockColumns)
  }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    let sides = 16...512
    guard 1...32 ~= tileRows, 1...8 ~= tileVectors, tileRows * tileVectors <= 64, sides ~= blockRows,
      sides ~= blockColumns, 1...1024 ~= blockPixels, 1...problem.k ~= splits
    else { return false }
    // The guards of convolution_vector_filter.cl.
    guard blockRows.isMultiple(of: 16), blockRows.isMultiple(of: tileRows), blockColumns.isMultiple(of: tileColumns)
    else { return false }
    return privateByteCount <= Self.largestPrivateByteCount
  }

  /// A work-item's sums and copies, which are on its thread's stack.
  private var privateByteCount: Int {
    (blockRows * blockColumns + blockPixels * (blockRows + blockColumns)) * ElementType.float32.byteCount
  }
  private static let largestPrivateByteCount = 256 * 1024

  func addParts(
    _ problem: ConvolutionProblem, into target: [KernelArgument], accumulate: KernelArgument, to launch: CLLaunch
  ) throws(BackendError) {
    let (input, output, geometry) = (problem.inputSide, problem.outputSide, problem.geometry)
    let (image, map) = (problem.image.shape, problem.map.shape)
    try launch.add(
      "convolution_vector_filter", in: "convolution_vector_filter.cl",
      definitions: [
        "TILE_ROWS": tileRows, "TILE_VECTORS": tileVectors, "BLOCK_PIXELS": blockPixels, "BLOCK_ROWS": blockRows,
        "BLOCK_COLUMNS": blockColumns,
      ],
      arguments: [.tensor(input), .int(input.shape.channels), .tensor(output), .int(output.shape.channels)] + target + [
        .int(problem.weightsInput == .image ? 1 : 0), .int(map.batch), .int(map.height), .int(map.width),
        .int(image.height), .int(image.width), .int(geometry.kernelHeight), .int(geometry.kernelWidth),
        .int(geometry.stride), .int(geometry.padding), accumulate,
      ],
      over: CLRange(groups: (blocks(problem), geometry.taps, splits), local: (1, 1, 1)))
  }
}
